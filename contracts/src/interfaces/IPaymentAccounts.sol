// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Accounts of identities and the clearing of promises (whitepaper 6.5)
/// @notice One contract holds the MYST of all accounts. Every call that acts for an identity carries that
/// identity's signature; who sends the transaction does not matter. Every balance can be rebuilt from the events.
interface IPaymentAccounts {
    /// @notice The issuer's promise to pay, like a cheque.
    /// @param issuer identity that pays
    /// @param serial increasing per issuer and benefiter; the first is 1 or more
    /// @param benefiter identity that is paid
    /// @param amount MYST in base units, the network fee included
    struct Promise {
        address issuer;
        uint256 serial;
        address benefiter;
        uint256 amount;
    }

    /// @notice An account grew by `amount`, paid in from outside.
    event Deposited(address indexed identity, uint256 amount);
    /// @notice A promise was cleared.
    /// @param amount what left the issuer's account; less than promised only if the benefiter accepted less
    /// @param fee part of `amount` that went to the network's account; the benefiter got the rest
    event Cleared(address indexed issuer, address indexed benefiter, uint256 serial, uint256 amount, uint256 fee);
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
    /// @notice The benefiter did not sign this clearing, or signed it with the other `acceptLess`.
    error InvalidBenefiterSignature();
    /// @notice The identity did not sign exactly this withdrawal.
    error InvalidWithdrawalSignature();
    /// @notice A promise with this or a higher serial was cleared already.
    error SerialNotAboveLast(uint256 serial, uint256 lastCleared);
    /// @notice A promise is worth at most half of what its issuer forfeited at registration.
    error AmountAboveLimit(uint256 amount, uint256 limit);
    /// @notice The account does not hold enough; nothing changed, the promise keeps its value.
    error InsufficientBalance(uint256 balance, uint256 required);
    /// @notice Each promise needs its two signatures.
    error LengthMismatch();
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

    /// @notice Pays a promise: the network's fee to the network's account, the rest to the benefiter's.
    /// @param promise_ must have a serial above the last cleared of the pair and an amount of at most half of the
    /// issuer's registered value
    /// @param issuerSignature 65 bytes, low s, over
    /// `Promise(address issuer,uint256 serial,address benefiter,uint256 amount)`
    /// @param benefiterSignature 65 bytes, low s, over
    /// `Clearing(address issuer,uint256 serial,address benefiter,uint256 amount,bool acceptLess)`
    /// @param acceptLess false: an insufficient balance reverts; true: what is there is paid and the serial spent
    function clear(
        Promise calldata promise_,
        bytes calldata issuerSignature,
        bytes calldata benefiterSignature,
        bool acceptLess
    ) external;

    /// @notice Clears one promise after the other, in the order given. One that cannot be cleared is reported by
    /// `ClearFailed` and does not hold up the rest. Meant for promises of different issuers: whoever sees the
    /// signatures can bring any of these promises alone, and a higher serial brought first makes the lower ones of
    /// its pair worthless. So a benefiter signs the clearing of a serial only when the lower ones are cleared.
    function clearMany(
        Promise[] calldata promises,
        bytes[] calldata issuerSignatures,
        bytes[] calldata benefiterSignatures,
        bool acceptLess
    ) external;

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

    /// @notice Network fee in parts per 10,000 of what is cleared.
    function networkFeeBps() external view returns (uint256);

    /// @notice Seconds between the announcement and the execution of a withdrawal.
    function noticePeriod() external view returns (uint256);

    /// @notice The announced withdrawal; all zero when there is none.
    function withdrawalOf(address identity) external view returns (address to, uint256 amount, uint256 executableAt);

    /// @notice The nonce that the next announced withdrawal of this identity must have.
    function withdrawalNonce(address identity) external view returns (uint256);
}
