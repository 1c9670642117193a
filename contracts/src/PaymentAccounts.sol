// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {IPaymentAccounts} from "./interfaces/IPaymentAccounts.sol";
import {TypedData} from "./libraries/TypedData.sol";

/// @title Accounts of identities and the clearing of promises
/// @notice See IPaymentAccounts.
contract PaymentAccounts is IPaymentAccounts, EIP712 {
    using SafeERC20 for IERC20;

    /// One slot. Low half: MYST in the account. High half: the value that the identity registered with, once it was
    /// needed; it never changes in the registry, and zero says that it was not looked up yet.
    struct Account {
        uint256 word;
    }

    /// Two slots: recipient with time, amount with the next nonce (which outlives the withdrawal).
    struct Withdrawal {
        address to;
        uint64 executableAt;
        uint128 amount;
        uint64 nextNonce;
    }

    /// One slot of its own, so that it is found with one hash.
    struct Serial {
        uint256 last;
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

    bytes32 private immutable _domainHere;
    uint256 private immutable _chainHere;

    mapping(address identity => Account) private _accounts;
    mapping(address benefiter => mapping(address issuer => Serial)) private _serials;
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
                // What is in all accounts together never overflows half a slot.
                || token_.totalSupply() > type(uint128).max
        ) revert InvalidConfiguration();
        token = token_;
        registry = registry_;
        networkAccount = networkAccount_;
        networkFeeBps = feeBps;
        noticePeriod = noticePeriod_;
        (_domainHere, _chainHere) = (_domainSeparatorV4(), block.chainid);
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
        bytes32 issuerAndAmount,
        bytes32 benefiterAndTerms,
        uint256 serial,
        bytes32[2] calldata issuerSignature,
        bytes32[2] calldata benefiterSignature
    ) external {
        address issuer = address(bytes20(issuerAndAmount));
        uint256 amount = uint96(uint256(issuerAndAmount));
        address benefiter = address(bytes20(benefiterAndTerms));
        bool acceptLess = benefiterAndTerms[22] != 0;
        (bytes32 promiseDigest, bytes32 clearingDigest) =
            TypedData.digestsOfClearing(_domain(), issuer, serial, benefiter, amount, acceptLess);
        if (!TypedData.isSignedBy(issuer, promiseDigest, benefiterAndTerms[20], issuerSignature)) {
            revert InvalidIssuerSignature();
        }
        if (!TypedData.isSignedBy(benefiter, clearingDigest, benefiterAndTerms[21], benefiterSignature)) {
            revert InvalidBenefiterSignature();
        }
        (bytes4 refusal, uint256 x, uint256 y) = _take(_serials[benefiter][issuer], issuer, serial, amount, acceptLess);
        if (refusal != 0) _revertWith(_reason(refusal, x, y));
        _credit(benefiter, x, y);
        _emitCleared(issuer, benefiter, serial, x, y);
    }

    /// @inheritdoc IPaymentAccounts
    function clearMany(address benefiter, Claim[] calldata claims, bytes calldata benefiterSignature, bool acceptLess)
        external
    {
        bytes32 domain = _domain();
        bytes32[] memory hashes = TypedData.hashPromises(claims, benefiter);
        bytes32 digest = MessageHashUtils.toTypedDataHash(domain, TypedData.hashClearingBatch(hashes, acceptLess));
        if (!TypedData.isSignedBy(benefiter, digest, benefiterSignature)) revert InvalidBenefiterSignature();

        mapping(address => Serial) storage serials = _serials[benefiter];
        uint256 amounts = 0;
        uint256 fees = 0;
        for (uint256 i = 0; i < claims.length; ++i) {
            Claim calldata claim = claims[i];
            address issuer = address(bytes20(claim.issuerAndAmount));
            // Who is paid by this batch pays with what it has got from it so far, as one clearing after the other.
            if (issuer == benefiter || issuer == networkAccount) {
                _credit(benefiter, amounts, fees);
                (amounts, fees) = (0, 0);
            }
            digest = MessageHashUtils.toTypedDataHash(domain, hashes[i]);
            (bytes4 refusal, uint256 x, uint256 y) = TypedData.isSignedBy(issuer, digest, claim.v, claim.rs)
                ? _take(serials[issuer], issuer, claim.serial, uint96(uint256(claim.issuerAndAmount)), acceptLess)
                : (InvalidIssuerSignature.selector, 0, 0);
            if (refusal != 0) {
                emit ClearFailed(issuer, benefiter, claim.serial, _reason(refusal, x, y));
                continue;
            }
            unchecked {
                // Together no more than all accounts hold.
                amounts += x;
                fees += y;
            }
            _emitCleared(issuer, benefiter, claim.serial, x, y);
        }
        _credit(benefiter, amounts, fees);
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
        uint256 balance = balanceOf(identity);
        // Otherwise anybody could settle it for nothing in a moment when the account is empty.
        if (balance == 0) revert InsufficientBalance(0, withdrawal.amount);

        address to = withdrawal.to;
        uint256 amount = Math.min(withdrawal.amount, balance);
        withdrawal.to = address(0);
        withdrawal.executableAt = 0;
        withdrawal.amount = 0;
        // The low half: it holds `balance`, which is not less.
        _accounts[identity].word -= amount;
        emit Withdrawn(identity, to, amount);
        token.safeTransfer(to, amount);
    }

    /// @inheritdoc IPaymentAccounts
    function balanceOf(address identity) public view returns (uint256) {
        return uint128(_accounts[identity].word);
    }

    /// @inheritdoc IPaymentAccounts
    function lastClearedSerial(address issuer, address benefiter) external view returns (uint256) {
        return _serials[benefiter][issuer].last;
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
        if (amount > type(uint128).max) revert AmountTooLarge();
        // The low half: the transfer below fails unless the sum is part of the token's supply, which fits.
        _accounts[identity].word += amount;
        emit Deposited(identity, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// Takes a promise that its issuer has signed out of the issuer's account and spends its serial.
    /// @return refusal zero, or the selector of the error for which nothing was changed
    /// @return x what was taken, or the error's first argument
    /// @return y the network's fee in it, or the error's second argument
    function _take(Serial storage serials, address issuer, uint256 serial, uint256 amount, bool acceptLess)
        private
        returns (bytes4 refusal, uint256 x, uint256 y)
    {
        uint256 last = serials.last;
        if (serial <= last) return (SerialNotAboveLast.selector, serial, last);
        if (amount == 0) return (ZeroAmount.selector, 0, 0);
        Account storage account = _accounts[issuer];
        uint256 word = account.word;
        uint256 value = word >> 128;
        if (value == 0) {
            // Amounts are written with 96 bits in the event; the registry takes no more.
            value = Math.min(registry.registeredValue(issuer), type(uint96).max);
            word |= value << 128;
        }
        uint256 limit = value / 2;
        if (amount > limit) return (AmountAboveLimit.selector, amount, limit);
        uint256 balance = uint128(word);
        if (amount > balance) {
            if (!acceptLess) return (InsufficientBalance.selector, balance, amount);
            amount = balance;
        }
        serials.last = serial;
        unchecked {
            // The low half: it is not less. And 96 bits times 1,000 do not overflow.
            account.word = word - amount;
            return (0, amount, amount * networkFeeBps / 10_000);
        }
    }

    /// Gives what was taken to the benefiter and the network; one after the other, as they may be the same.
    function _credit(address benefiter, uint256 amount, uint256 fee) private {
        unchecked {
            // The low halves: all accounts together hold no more than the token's supply.
            _accounts[benefiter].word += amount - fee;
            _accounts[networkAccount].word += fee;
        }
    }

    function _emitCleared(address issuer, address benefiter, uint256 serial, uint256 amount, uint256 fee) private {
        emit Cleared(
            bytes32(uint256(uint160(issuer)) << 96 | amount), bytes32(uint256(uint160(benefiter)) << 96 | fee), serial
        );
    }

    /// The domain of signatures, worked out anew only where the chain has split and got another id.
    function _domain() private view returns (bytes32) {
        return block.chainid == _chainHere ? _domainHere : _domainSeparatorV4();
    }

    /// The error of this selector, encoded; the errors of `_take` have two arguments or none.
    function _reason(bytes4 selector, uint256 x, uint256 y) private pure returns (bytes memory) {
        return selector == ZeroAmount.selector || selector == InvalidIssuerSignature.selector
            ? abi.encodePacked(selector)
            : abi.encodePacked(selector, x, y);
    }

    function _revertWith(bytes memory reason) private pure {
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}
