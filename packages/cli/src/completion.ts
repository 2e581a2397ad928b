import type { Command } from 'commander'

/** Shells that a completion script can be printed for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** One command of the tree: its path begins with a blank (' incidents open'), the root's is empty. */
interface Node {
  path: string
  commands: { name: string; does: string }[]
  options: { flag: string; does: string; takesValue: boolean; choices: readonly string[] }[]
}

/**
 * A completion script for everything that a command line knows: commands, options, and values out of a fixed set. It is
 * whole: `esa` is not called while typing, which would start Node at every TAB.
 */
export function completionScript(program: Command, shell: Shell): string {
  const nodes = nodesOf(program, '')
  const script = { bash, zsh, fish }[shell]
  return script(program.name(), nodes)
}

function nodesOf(command: Command, path: string): Node[] {
  const own: Node = {
    path,
    commands: command.commands.map((child) => ({ name: child.name(), does: child.description() })),
    options: command.options.map((option) => ({
      flag: option.long ?? option.short ?? '',
      does: option.description,
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
    })),
  }
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? [])
  own.commands.push(...choices.map((name) => ({ name, does: '' })))
  return [own, ...command.commands.flatMap((child) => nodesOf(child, `${path} ${child.name()}`))]
}

/** The global options are good at every command. */
function optionsAt(nodes: Node[], node: Node): Node['options'] {
  const root = nodes[0]
  return root === undefined || root === node ? node.options : [...node.options, ...root.options]
}

/** Bash and zsh read the same tables: where the words so far lead to, and what can stand there. */
function tables(nodes: Node[], found: (words: string) => string): string {
  const paths = nodes.slice(1).map(({ path }) => `'${path}'`)
  const values = nodes.flatMap((node) =>
    optionsAt(nodes, node)
      .filter(({ choices }) => choices.length > 0)
      .map(({ flag, choices }) => `    '${node.path} ${flag}') ${found(choices.join(' '))}; return ;;`),
  )
  const words = nodes.map((node) => {
    const names = node.commands.map(({ name }) => name)
    const flags = [...optionsAt(nodes, node).map(({ flag }) => flag), '--help']
    return `    '${node.path}') ${found([...names, ...flags].join(' '))} ;;`
  })
  return `    case "$at $word" in
      ${paths.join('|')}) at="$at $word" ;;
    esac
  done
  case "$at $word" in
${values.join('\n')}
  esac
  case "$at" in
${words.join('\n')}
  esac`
}

function bash(name: string, nodes: Node[]): string {
  const found = (words: string): string => `COMPREPLY=($(compgen -W '${words}' -- "$now"))`
  return `# Completion of ${name} for bash: source it, or add it to ~/.bashrc
_${name}() {
  local now=\${COMP_WORDS[COMP_CWORD]} at= word=
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
${tables(nodes, found)}
}
complete -o default -F _${name} ${name}`
}

function zsh(name: string, nodes: Node[]): string {
  return `#compdef ${name}
# Completion of ${name} for zsh: save it as _${name} in a folder of your fpath
_${name}() {
  local at= word=
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
${tables(nodes, (words) => `compadd -- ${words} || [[ $PREFIX == -* ]] || _files`)}
}
if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi`
}

function fish(name: string, nodes: Node[]): string {
  const paths = nodes.slice(1).map(({ path }) => quoted(path))
  const at = ({ path }: Node): string => `complete -c ${name} -n ${quoted(`__${name}_at ${quoted(path)}`)}`
  const lines = nodes.flatMap((node) => [
    ...node.commands.map(({ name: word, does }) => `${at(node)} -f -a ${word} -d ${quoted(does)}`),
    ...optionsAt(nodes, node).map(({ flag, does, takesValue, choices }) => {
      const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : ''
      const kind = flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`
      return `${at(node)} ${kind}${value} -d ${quoted(does)}`
    }),
  ])
  return `# Completion of ${name} for fish: save it as ~/.config/fish/completions/${name}.fish
function __${name}_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case ${paths.join(' ')}
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
${lines.join('\n')}`
}

/** In single quotes of fish, where a backslash frees a quote and itself. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
