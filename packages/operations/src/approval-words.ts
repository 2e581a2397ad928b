/** Why the use of an approval is refused, for people. */
export const WHY_REFUSED: Record<string, string> = {
  'approval.missing': 'it is not approved yet',
  'approval.expired': 'what was approved is older than 15 minutes',
  'approval.other-statement': 'the approval is for another statement',
  'approval.other-kind': 'the approval is for another kind of change',
  'approval.over': 'its approval has been used, rejected or withdrawn',
  'approval.own-request':
    'its requester does not approve it, nor an account that made the requester’s or was made by it',
  'approval.not-a-person': 'a service does not approve: that takes the account of a person',
  'approval.too-young':
    'the account and the sign-in have to be older than the request, and an account of the home a day old: ask for it again later',
  'approval.too-early': 'one operator approved it alone: it can be used 10 minutes after that',
  'approval.before-accounts': 'it is older than accounts: withdraw it and request it again',
  'approval.without-token': 'a person approves with a token',
  'approval.twice':
    'this seat or this person has approved it already, or an account that made theirs or was made by it',
  'approval.not-allowed': 'the caller is not one of its approvers',
}
