// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {IPaymentAccounts} from "./interfaces/IPaymentAccounts.sol";
import {TypedData} from "./libraries/TypedData.sol";

/// @title Accounts of identities and the clearing of promises
/// @notice See IPaymentAccounts.
contract PaymentAccounts is IPaymentAccounts, EIP712 {
    using SafeERC20 for IERC20;

    /// Two slots: recipient with time, amount with the next nonce (which outlives the withdrawal).
    struct Withdrawal {
        address to;
        uint64 executableAt;
        uint128 amount;
        uint64 nextNonce;
    }

    /// @notice The network takes at most a tenth.
    uint256 public constant MAX_FEE_BPS = 1_000;
    uint256 public constant MAX_NOTICE_PERIOD = 365 days;

    IERC20 public immutable token;
    IIdentityRegistry public immutable registry;
    /// @notice The account that fees go to.
    address public immutable networkAccount;
    uint256 public immutable networkFeeBps;
    uint256 public immutable noticePeriod;

    mapping(address identity => uint256) public balanceOf;
    mapping(address issuer => mapping(address benefiter => uint256)) public lastClearedSerial;
    mapping(address identity => Withdrawal) private _withdrawals;

    constructor(
        IERC20 token_,
        IIdentityRegistry registry_,
        address networkAccount_,
        uint256 feeBps,
        uint256 noticePeriod_
    ) EIP712("Mysterium PaymentAccounts", "1") {
        if (
            address(token_) == address(0) || address(registry_) == address(0) || networkAccount_ == address(0)
                || feeBps > MAX_FEE_BPS || noticePeriod_ == 0 || noticePeriod_ > MAX_NOTICE_PERIOD
        ) revert InvalidConfiguration();
        token = token_;
        registry = registry_;
        networkAccount = networkAccount_;
        networkFeeBps = feeBps;
        noticePeriod = noticePeriod_;
    }

    /// @inheritdoc IPaymentAccounts
    function deposit(address identity, uint256 amount) external {
        _deposit(identity, amount);
    }

    /// @inheritdoc IPaymentAccounts
    function depositWithPermit(address identity, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        // Anybody who sees the permit can use it first; then it fails here and the allowance stands all the same.
        try IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(identity, amount);
    }

    /// @inheritdoc IPaymentAccounts
    function clear(
        Promise calldata promise_,
        bytes calldata issuerSignature,
        bytes calldata benefiterSignature,
        bool acceptLess
    ) external {
        address issuer = promise_.issuer;
        address benefiter = promise_.benefiter;
        uint256 serial = promise_.serial;
        uint256 last = lastClearedSerial[issuer][benefiter];
        if (serial <= last) revert SerialNotAboveLast(serial, last);

        bytes32 digest = _hashTypedDataV4(TypedData.hashPromise(promise_));
        if (!TypedData.isSignedBy(issuer, digest, issuerSignature)) revert InvalidIssuerSignature();
        digest = _hashTypedDataV4(TypedData.hashClearing(promise_, acceptLess));
        if (!TypedData.isSignedBy(benefiter, digest, benefiterSignature)) revert InvalidBenefiterSignature();

        uint256 amount = promise_.amount;
        if (amount == 0) revert ZeroAmount();
        uint256 limit = registry.registeredValue(issuer) / 2;
        if (amount > limit) revert AmountAboveLimit(amount, limit);
        uint256 balance = balanceOf[issuer];
        if (amount > balance) {
            if (!acceptLess) revert InsufficientBalance(balance, amount);
            amount = balance;
        }

        // One after the other on storage: issuer, benefiter and network may be the same account.
        uint256 fee = amount * networkFeeBps / 10_000;
        lastClearedSerial[issuer][benefiter] = serial;
        balanceOf[issuer] = balance - amount;
        balanceOf[benefiter] += amount - fee;
        balanceOf[networkAccount] += fee;
        emit Cleared(issuer, benefiter, serial, amount, fee);
    }

    /// @inheritdoc IPaymentAccounts
    function clearMany(
        Promise[] calldata promises,
        bytes[] calldata issuerSignatures,
        bytes[] calldata benefiterSignatures,
        bool acceptLess
    ) external {
        if (issuerSignatures.length != promises.length || benefiterSignatures.length != promises.length) {
            revert LengthMismatch();
        }
        for (uint256 i = 0; i < promises.length; ++i) {
            // A call of its own for each: what fails is undone alone.
            try this.clear(promises[i], issuerSignatures[i], benefiterSignatures[i], acceptLess) {}
            catch (bytes memory reason) {
                emit ClearFailed(promises[i].issuer, promises[i].benefiter, promises[i].serial, reason);
            }
        }
    }

    /// @inheritdoc IPaymentAccounts
    function announceWithdrawal(
        address identity,
        address to,
        uint256 amount,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline);
        if (to == address(0) || to == address(this)) revert InvalidRecipient();
        if (amount == 0) revert ZeroAmount();
        if (amount > type(uint128).max) revert AmountTooLarge();
        Withdrawal storage withdrawal = _withdrawals[identity];
        uint256 expected = withdrawal.nextNonce;
        if (nonce != expected) revert InvalidNonce(nonce, expected);
        bytes32 digest = _hashTypedDataV4(TypedData.hashWithdrawal(identity, to, amount, nonce, deadline));
        if (!TypedData.isSignedBy(identity, digest, signature)) revert InvalidWithdrawalSignature();

        uint256 executableAt = block.timestamp + noticePeriod;
        withdrawal.to = to;
        withdrawal.executableAt = uint64(executableAt);
        withdrawal.amount = uint128(amount);
        withdrawal.nextNonce = uint64(nonce + 1);
        emit WithdrawalAnnounced(identity, to, amount, executableAt);
    }

    /// @inheritdoc IPaymentAccounts
    function executeWithdrawal(address identity) external {
        Withdrawal storage withdrawal = _withdrawals[identity];
        uint256 executableAt = withdrawal.executableAt;
        if (executableAt == 0) revert NoWithdrawal();
        if (block.timestamp < executableAt) revert WithdrawalTooEarly(executableAt);
        uint256 balance = balanceOf[identity];
        // Otherwise anybody could settle it for nothing in a moment when the account is empty.
        if (balance == 0) revert InsufficientBalance(0, withdrawal.amount);

        address to = withdrawal.to;
        uint256 amount = Math.min(withdrawal.amount, balance);
        withdrawal.to = address(0);
        withdrawal.executableAt = 0;
        withdrawal.amount = 0;
        balanceOf[identity] = balance - amount;
        emit Withdrawn(identity, to, amount);
        token.safeTransfer(to, amount);
    }

    /// @inheritdoc IPaymentAccounts
    function withdrawalOf(address identity) external view returns (address to, uint256 amount, uint256 executableAt) {
        Withdrawal storage withdrawal = _withdrawals[identity];
        return (withdrawal.to, withdrawal.amount, withdrawal.executableAt);
    }

    /// @inheritdoc IPaymentAccounts
    function withdrawalNonce(address identity) external view returns (uint256) {
        return _withdrawals[identity].nextNonce;
    }

    function _deposit(address identity, uint256 amount) private {
        if (identity == address(0)) revert InvalidIdentity();
        if (amount == 0) revert ZeroAmount();
        balanceOf[identity] += amount;
        emit Deposited(identity, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }
}
