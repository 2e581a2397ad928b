/** What the runtime of this checkout is composed of: the folder of the cards, and the plugins. */
export default { organization: 'agents', plugins: ['@esa/database'] }
