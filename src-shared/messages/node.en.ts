import type { NodeSentences } from './translate.ts'

/** The node says its sentences in English already; only what the app has a plainer word for, the app says in its own. */
export const nodeEn: NodeSentences = {
  'This backup holds the identity without its gas account; save a new backup and open that one.':
    'This backup holds the identity without its deposit address; save a new backup and open that one.',
  'This backup holds another gas account than the present one; save a new backup and open that one.':
    'This backup holds another deposit address than the present one; save a new backup and open that one.',
  'The gas account {} holds {} MYST and {} are needed; send the rest to it.':
    'Your deposit address {0} holds {1} MYST and {2} are needed; send the rest to it.',
  'The gas account {} does not hold enough ether for the fee; send some to it.':
    'Your deposit address {0} does not hold enough ether for the fee; send some to it.',
  'The gas account {} does not hold enough ether for the transaction; send some to it.':
    'Your deposit address {0} does not hold enough ether for the transaction; send some to it.',
  'An earlier transaction ({}) of the gas account is not mined yet, so this one was not sent; try again when it is.':
    'An earlier transaction ({0}) is not confirmed yet, so this one was not sent; try again when it is.',
  'This is an identity of your own, whose key holds no ether and sends nothing; choose the address of a wallet, or your gas account.':
    'This is an identity of your own, whose key holds no ether and sends nothing; choose the address of a wallet, or your deposit address.',
  'The gas account does not hold enough MYST; send some to it.':
    'Your deposit address does not hold enough MYST; send some to it.',
  'Another program used the same gas account at this moment; waiting until that is certain.':
    'Another program used the same deposit address at this moment; waiting until that is certain.',
  'Another program that uses the same gas account sent something in its place, so this was not carried out; ask for it again if it is still wanted.':
    'Another program that uses the same deposit address sent something in its place, so this was not carried out; ask for it again if it is still wanted.',
  'The gas account of {}': 'The deposit address of {0}',
  'There is nothing to clear.': 'There is nothing to collect.',
  'This promise or a later one was already cleared.': 'This promise or a later one was already collected.',
  'The account of the issuer holds less than was promised; the promise keeps its value until it does.':
    'The account of the payer holds less than was promised; the promise keeps its value until it does.',
}
