/**
 * Every kind of node that may stand in the rewritten tree of a query that reads, and its fields, on PostgreSQL 14 to 18. A
 * field with `=` holds object ids: of a `function`, an `operator`, an operator `family`, a `relation`, a `type` that
 * values have, or a type that is `made` here: by a call, a literal or a cast. In any other field nodes are followed and
 * all else is inert. A node or field that is not listed refuses the statement.
 */
const NODES = `
AGGREF aggfnoid=function aggtype=made aggcollid inputcollid aggtranstype=made aggargtypes=type aggdirectargs args aggorder aggdistinct aggfilter aggstar aggvariadic aggkind aggpresorted agglevelsup aggsplit aggno aggtransno location
ALIAS aliasname colnames
ARRAYCOERCEEXPR arg elemexpr resulttype=made resulttypmod resultcollid coerceformat location
ARRAYEXPR array_typeid=type array_collid element_typeid=type elements multidims list_start list_end location
BOOLEANTEST arg booltesttype location
BOOLEXPR boolop args location
CASEEXPR casetype=type casecollid arg args defresult location
CASETESTEXPR typeId=type typeMod collation
CASEWHEN expr result location
COALESCEEXPR coalescetype=type coalescecollid args location
COERCETODOMAIN arg resulttype=made resulttypmod resultcollid coercionformat location
COERCETODOMAINVALUE typeId=type typeMod collation location
COERCEVIAIO arg resulttype=made resultcollid coerceformat location
COLLATEEXPR arg collOid location
COMMONTABLEEXPR ctename aliascolnames ctematerialized ctequery search_clause cycle_clause location cterecursive cterefcount ctecolnames ctecoltypes=type ctecoltypmods ctecolcollations
CONST consttype=made consttypmod constcollid constlen constbyval constisnull location constvalue
CONVERTROWTYPEEXPR arg resulttype=made convertformat location
CTECYCLECLAUSE cycle_col_list cycle_mark_column cycle_mark_value cycle_mark_default cycle_path_column location cycle_mark_type=type cycle_mark_typmod cycle_mark_collation cycle_mark_neop=operator
CTESEARCHCLAUSE search_col_list search_breadth_first search_seq_column location
DISTINCTEXPR opno=operator opfuncid=function opresulttype=made opretset opcollid inputcollid args location
FIELDSELECT arg fieldnum resulttype=type resulttypmod resultcollid
FROMEXPR fromlist quals
FUNCEXPR funcid=function funcresulttype=made funcretset funcvariadic funcformat funccollid inputcollid args location
GROUPINGFUNC args refs cols agglevelsup location
GROUPINGSET kind content location
JOINEXPR jointype isNatural larg rarg usingClause join_using_alias quals alias rtindex
JSONBEHAVIOR btype expr coerce location
JSONCONSTRUCTOREXPR type args func coercion returning absent_on_null unique location
JSONEXPR op column_name formatted_expr format path_spec returning passing_names passing_values on_empty on_error use_io_coercion use_json_coercion wrapper omit_quotes collation location
JSONFORMAT format_type encoding location
JSONISPREDICATE expr format item_type unique_keys location
JSONRETURNING format typid=made typmod
JSONTABLEPATH value name
JSONTABLEPATHSCAN path errorOnError child colMin colMax
JSONTABLESIBLINGJOIN lplan rplan
JSONVALUEEXPR raw_expr formatted_expr format
MINMAXEXPR minmaxtype=type minmaxcollid inputcollid op args location
NAMEDARGEXPR arg name argnumber location
NULLIFEXPR opno=operator opfuncid=function opresulttype=made opretset opcollid inputcollid args location
NULLTEST arg nulltesttype argisrow location
OPEXPR opno=operator opfuncid=function opresulttype=made opretset opcollid inputcollid args location
PARAM paramkind paramid paramtype=type paramtypmod paramcollid location
QUERY commandType querySource canSetTag utilityStmt resultRelation hasAggs hasWindowFuncs hasTargetSRFs hasSubLinks hasDistinctOn hasRecursive hasModifyingCTE hasForUpdate hasRowSecurity hasGroupRTE isReturn cteList rtable rteperminfos jointree mergeActionList mergeUseOuterJoin mergeTargetRelation mergeJoinCondition targetList override onConflict returningOldAlias returningNewAlias returningList groupClause groupDistinct groupingSets havingQual windowClause distinctClause sortClause limitOffset limitCount limitOption rowMarks setOperations constraintDeps withCheckOptions stmt_location stmt_len
RANGETBLENTRY alias eref rtekind relid=relation inh relkind rellockmode perminfoindex tablesample lateral inFromCl requiredPerms checkAsUser selectedCols insertedCols updatedCols extraUpdatedCols securityQuals subquery security_barrier jointype joinmergedcols joinaliasvars joinleftcols joinrightcols join_using_alias functions funcordinality tablefunc values_lists ctename ctelevelsup self_reference coltypes=type coltypmods colcollations groupexprs
RANGETBLFUNCTION funcexpr funccolcount funccolnames funccoltypes=made funccoltypmods funccolcollations funcparams
RANGETBLREF rtindex
RELABELTYPE arg resulttype=type resulttypmod resultcollid relabelformat location
ROWCOMPAREEXPR rctype cmptype opnos=operator opfamilies=family inputcollids largs rargs
ROWEXPR args row_typeid=type row_format colnames location
RTEPERMISSIONINFO relid=relation inh requiredPerms checkAsUser selectedCols insertedCols updatedCols
SCALARARRAYOPEXPR opno=operator opfuncid=function hashfuncid=function negfuncid=function useOr inputcollid args location
SETOPERATIONSTMT op all larg rarg colTypes=type colTypmods colCollations groupClauses
SORTGROUPCLAUSE tleSortGroupRef eqop=operator sortop=operator reverse_sort nulls_first hashable
SQLVALUEFUNCTION op type=type typmod location
SUBLINK subLinkType subLinkId testexpr operName subselect location
SUBSCRIPTINGREF refcontainertype=type refelemtype=type refrestype=type reftypmod refcollid refupperindexpr reflowerindexpr refexpr refassgnexpr
TABLEFUNC functype ns_uris ns_names docexpr rowexpr colnames coltypes=made coltypmods colcollations colexprs coldefexprs colvalexprs passingvalexprs notnulls plan ordinalitycol location
TABLESAMPLECLAUSE tsmhandler=function args repeatable
TARGETENTRY expr resno resname ressortgroupref resorigtbl resorigcol resjunk
VAR varno varattno vartype=type vartypmod varcollid varnullingrels varlevelsup varreturningtype varnosyn varattnosyn location
WINDOWCLAUSE name refname partitionClause orderClause frameOptions startOffset endOffset runCondition startInRangeFunc=function endInRangeFunc=function inRangeColl inRangeAsc inRangeNullsFirst winref copiedOrder
WINDOWFUNC winfnoid=function wintype=made wincollid inputcollid args aggfilter runCondition winref winstar winagg location
XMLEXPR op name named_args arg_names args xmloption indent type=made typmod location
`

/** What an object id in a field names. */
export type Role = 'function' | 'operator' | 'family' | 'relation' | 'type' | 'made'

/** Fields of every known node; null: no object ids. */
export const NODE_FIELDS: ReadonlyMap<string, ReadonlyMap<string, Role | null>> = new Map(
  NODES.trim()
    .split('\n')
    .map((line) => {
      const [label, ...fields] = line.split(' ')
      return [
        label!,
        new Map(fields.map((field) => [field.split('=')[0]!, (field.split('=')[1] ?? null) as Role | null])),
      ]
    }),
)

/** What a query that only reads has in these fields. */
export const READING_VALUES: Readonly<Record<string, string>> = {
  commandType: '1',
  utilityStmt: '<>',
  resultRelation: '0',
  hasModifyingCTE: 'false',
  hasForUpdate: 'false',
  onConflict: '<>',
  returningList: '<>',
  rowMarks: '<>',
  withCheckOptions: '<>',
  mergeActionList: '<>',
  refassgnexpr: '<>',
}

/** Where a node says the type of its value: a field, or `.` and the field with the node that says it. */
export const TYPE_FIELD: Readonly<Record<string, string>> = {
  AGGREF: 'aggtype',
  ARRAYCOERCEEXPR: 'resulttype',
  ARRAYEXPR: 'array_typeid',
  CASEEXPR: 'casetype',
  CASETESTEXPR: 'typeId',
  COALESCEEXPR: 'coalescetype',
  COERCETODOMAIN: 'resulttype',
  COERCETODOMAINVALUE: 'typeId',
  COERCEVIAIO: 'resulttype',
  COLLATEEXPR: '.arg',
  CONST: 'consttype',
  CONVERTROWTYPEEXPR: 'resulttype',
  DISTINCTEXPR: 'opresulttype',
  FIELDSELECT: 'resulttype',
  FUNCEXPR: 'funcresulttype',
  JSONCONSTRUCTOREXPR: '.returning',
  JSONEXPR: '.returning',
  JSONRETURNING: 'typid',
  JSONVALUEEXPR: '.formatted_expr',
  MINMAXEXPR: 'minmaxtype',
  NAMEDARGEXPR: '.arg',
  NULLIFEXPR: 'opresulttype',
  OPEXPR: 'opresulttype',
  PARAM: 'paramtype',
  RELABELTYPE: 'resulttype',
  ROWEXPR: 'row_typeid',
  SQLVALUEFUNCTION: 'type',
  SUBSCRIPTINGREF: 'refrestype',
  VAR: 'vartype',
  WINDOWFUNC: 'wintype',
}
