// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Accounts of identities and the clearing of promises (whitepaper 6.5)
/// @notice One contract holds the MYST of all accounts. Every call that acts for an identity carries that
/// identity's signature; who sends the transaction does not matter. Every balance can be rebuilt from the events.
interface IPaymentAccounts {
    /// @notice A promise in a batch, whose benefiter is the batch's, with its issuer's signature.
    /// @param issuerAndAmount issuer (20 bytes), then the promised amount (12 bytes)
    /// @param serial of the promise
    /// @param rs r and s of the issuer's signature over the promise; see `clear`
    /// @param v of the same signature
    struct Claim {
        bytes32 issuerAndAmount;
        uint256 serial;
        bytes32[2] rs;
        bytes1 v;
    }

    /// @notice An account grew by `amount`, paid in from outside.
    event Deposited(address indexed identity, uint256 amount);
    /// @notice A promise was cleared. Three words instead of five, because every clearing pays for them.
    /// @param issuerAndAmount issuer (20 bytes), then what left its account (12 bytes); less than promised only if the
    /// benefiter accepted less
    /// @param benefiterAndFee benefiter (20 bytes), then the part of the amount that went to the network's account
    /// (12 bytes); the benefiter got the rest
    event Cleared(bytes32 issuerAndAmount, bytes32 benefiterAndFee, uint256 serial);
    /// @notice One promise of `clearMany` was not cleared, and why: an error of this contract, ABI-encoded.
    event ClearFailed(address indexed issuer, address indexed benefiter, uint256 serial, bytes reason);
    /// @notice MYST will leave the account at `executableAt` (seconds since 1970) or later. Benefiters clear what
    /// they hold before, and count `amount` as gone when they accept further promises. Replaces an earlier one.
    event WithdrawalAnnounced(address indexed identity, address to, uint256 amount, uint256 executableAt);
    /// @notice MYST left the account. The announced withdrawal is settled, also if less was there.
    event Withdrawn(address indexed identity, address to, uint256 amount);

    /// @notice Zero MYST.
    error ZeroAmount();
    /// @notice The zero address is no identity.
    error InvalidIdentity();
    /// @notice MYST cannot be sent to the zero address or to this contract.
    error InvalidRecipient();
    /// @notice More than the whole supply could ever be.
    error AmountTooLarge();
    /// @notice The promise does not bear its issuer's signature.
    error InvalidIssuerSignature();
    /// @notice The benefiter did not sign this clearing or batch, or signed it with the other `acceptLess`.
    error InvalidBenefiterSignature();
    /// @notice The identity did not sign exactly this withdrawal.
    error InvalidWithdrawalSignature();
    /// @notice A promise with this or a higher serial was cleared already.
    error SerialNotAboveLast(uint256 serial, uint256 lastCleared);
    /// @notice A promise is worth at most half of what its issuer forfeited at registration.
    error AmountAboveLimit(uint256 amount, uint256 limit);
    /// @notice The account does not hold enough; nothing changed, the promise keeps its value.
    error InsufficientBalance(uint256 balance, uint256 required);
    /// @notice The signed withdrawal came too late.
    error DeadlinePassed(uint256 deadline);
    /// @notice Withdrawals of an identity come in the order of their nonces.
    error InvalidNonce(uint256 nonce, uint256 expected);
    /// @notice No withdrawal is announced.
    error NoWithdrawal();
    /// @notice The notice period is not over.
    error WithdrawalTooEarly(uint256 executableAt);
    /// @notice The contract was deployed with addresses, a fee or a period that make no sense.
    error InvalidConfiguration();

    /// @notice Moves MYST from the caller, who has approved it, to the account of any identity.
    function deposit(address identity, uint256 amount) external;

    /// @notice As `deposit`, with the caller's ERC-2612 permit for this contract and exactly `amount`. If somebody
    /// has used the permit already, the allowance it left serves.
    function depositWithPermit(address identity, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external;

    /// @notice Pays a promise: the network's fee to the network's account, the rest to the benefiter's. Anybody may
    /// call. Clearing a serial makes all lower ones of the pair worthless, so a benefiter signs the clearing of one
    /// only when it has no use for the lower ones; and what it has signed serves until the serial is spent.
    ///
    /// The promise has a serial above the last cleared one of the pair and an amount of at most half of the issuer's
    /// registered value. Both signatures are 65 bytes (r, s, v), low s, v 27 or 28. Identities share their words with
    /// what is short, because everybody who clears pays for each byte.
    /// @param issuerAndAmount identity that pays (20 bytes), then MYST in base units, the network's fee included
    /// (12 bytes; more than a promise can ever be worth)
    /// @param benefiterAndTerms identity that is paid (20 bytes), v of the issuer's signature (1 byte), v of the
    /// benefiter's (1 byte), acceptLess (1 byte): 0, an insufficient balance reverts; anything else, what is there is
    /// paid and the serial spent. The other bytes do not matter
    /// @param serial increasing per issuer and benefiter; the first is 1 or more
    /// @param issuerSignature r and s over `Promise(address issuer,uint256 serial,address benefiter,uint256 amount)`
    /// @param benefiterSignature r and s over
    /// `Clearing(address issuer,uint256 serial,address benefiter,uint256 amount,bool acceptLess)`
    function clear(
        bytes32 issuerAndAmount,
        bytes32 benefiterAndTerms,
        uint256 serial,
        bytes32[2] calldata issuerSignature,
        bytes32[2] calldata benefiterSignature
    ) external;

    /// @notice Clears promises to one benefiter, one after the other in the order given, as `clear` would. One that
    /// cannot be cleared is reported by `ClearFailed` and does not hold up the rest. The benefiter signs the batch as
    /// a whole: nobody can bring a part of it, or the same in another order. Two promises of one issuer do not belong
    /// in one batch: where the lower is not covered and the higher is, the higher would make the lower worthless.
    /// @param benefiterSignature 65 bytes, low s, over `ClearingBatch(Promise[] promises,bool acceptLess)`, where
    /// `Promise` is what the issuers sign
    /// @param acceptLess for every promise of the batch; see `clear`
    function clearMany(address benefiter, Claim[] calldata claims, bytes calldata benefiterSignature, bool acceptLess)
        external;

    /// @notice Announces that an identity takes MYST out. Reserves nothing: promises are still cleared meanwhile. An
    /// announcement that was not executed is replaced, and the notice period begins anew.
    /// @param to any Ethereum address
    /// @param nonce `withdrawalNonce(identity)`
    /// @param deadline for the announcement, seconds since 1970, inclusive
    /// @param signature 65 bytes, low s, by the identity over
    /// `Withdrawal(address identity,address to,uint256 amount,uint256 nonce,uint256 deadline)`
    function announceWithdrawal(
        address identity,
        address to,
        uint256 amount,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Pays an announced withdrawal out after the notice period; if less is there by then, what is there.
    /// Anybody may call.
    function executeWithdrawal(address identity) external;

    /// @notice MYST in an account, in base units.
    function balanceOf(address identity) external view returns (uint256);

    /// @notice Serial of the promise cleared last for this pair; zero before the first.
    function lastClearedSerial(address issuer, address benefiter) external view returns (uint256);

    /// @notice The account that network fees go to.
    function networkAccount() external view returns (address);

    /// @notice Network fee in parts per 10,000 of what is cleared.
    function networkFeeBps() external view returns (uint256);

    /// @notice Seconds between the announcement and the execution of a withdrawal.
    function noticePeriod() external view returns (uint256);

    /// @notice The announced withdrawal; all zero when there is none.
    function withdrawalOf(address identity) external view returns (address to, uint256 amount, uint256 executableAt);

    /// @notice The nonce that the next announced withdrawal of this identity must have.
    function withdrawalNonce(address identity) external view returns (uint256);
}
