// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {IPriceFeed} from "./interfaces/IPriceFeed.sol";
import {TypedData} from "./libraries/TypedData.sol";

/// @title Registered identities, and the fee that follows a price feed
/// @notice See IIdentityRegistry.
contract IdentityRegistry is IIdentityRegistry, EIP712 {
    using SafeERC20 for IERC20;

    /// @notice Seconds between two changes of the fee.
    uint256 public constant REFRESH_PERIOD = 1 days;
    /// @notice The largest change at once, in parts per 10,000 of the present fee: a feed that was taken over moves
    /// the fee slowly enough for people to notice.
    uint256 public constant MAX_STEP_BPS = 1_000;
    /// @notice An older answer is stale, in seconds: Chainlink's usual daily heartbeat and an hour for its delays.
    uint256 public constant MAX_PRICE_AGE = 25 hours;

    IERC20 public immutable token;
    /// @notice Zero: the fee is fixed.
    IPriceFeed public immutable priceFeed;
    /// @notice Where forfeited MYST goes.
    address public immutable treasury;
    uint256 public immutable minFee;
    uint256 public immutable maxFee;
    /// @notice What registering is worth in fiat money, times the scale of feed and token: the initial fee at the
    /// price of the day of deployment. Zero when the fee is fixed.
    uint256 public immutable feeInFiat;

    uint128 private _fee;
    uint64 private _refreshedAt;
    mapping(address identity => uint256) public registeredValue;

    /// @param initialFee in base units, within minFee and maxFee
    constructor(
        IERC20 token_,
        IPriceFeed priceFeed_,
        address treasury_,
        uint256 initialFee,
        uint256 minFee_,
        uint256 maxFee_
    ) EIP712("Mysterium IdentityRegistry", "1") {
        if (
            address(token_) == address(0) || treasury_ == address(0) || minFee_ == 0 || minFee_ > initialFee
                || initialFee > maxFee_ || maxFee_ > type(uint96).max
        ) revert InvalidConfiguration();
        token = token_;
        priceFeed = priceFeed_;
        treasury = treasury_;
        minFee = minFee_;
        maxFee = maxFee_;
        // Checked above: it fits.
        _fee = uint128(initialFee);
        _refreshedAt = uint64(block.timestamp);
        if (address(priceFeed_) != address(0)) {
            uint256 price = _freshPrice(priceFeed_);
            if (price == 0) revert InvalidConfiguration();
            feeInFiat = initialFee * price;
        }
    }

    /// @inheritdoc IIdentityRegistry
    function register(bytes calldata publicKey, uint256 maxFee_, uint256 deadline, bytes calldata signature) external {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline);
        if (publicKey.length != 64) revert InvalidPublicKey();
        uint256 price = _fee;
        if (price > maxFee_) revert FeeAboveMaximum(price, maxFee_);
        address identity = address(uint160(uint256(keccak256(publicKey))));
        if (registeredValue[identity] != 0) revert AlreadyRegistered(identity);
        bytes32 digest = _hashTypedDataV4(TypedData.hashRegistration(identity, msg.sender, maxFee_, 0, deadline));
        if (!TypedData.isSignedBy(identity, digest, signature)) revert InvalidSignature();

        registeredValue[identity] = price;
        emit Registered(identity, publicKey, price);
        token.safeTransferFrom(msg.sender, treasury, price);
    }

    /// @inheritdoc IIdentityRegistry
    function refreshFee() external {
        uint256 possibleAt = _refreshedAt + REFRESH_PERIOD;
        if (block.timestamp < possibleAt) revert RefreshTooEarly(possibleAt);
        if (address(priceFeed) == address(0)) return;
        uint256 price = _freshPrice(priceFeed);
        if (price == 0) return;

        uint256 previous = _fee;
        uint256 step = previous * MAX_STEP_BPS / 10_000;
        uint256 next = feeInFiat / price;
        next = Math.max(Math.min(next, previous + step), previous - step);
        next = Math.max(Math.min(next, maxFee), minFee);
        // maxFee fits.
        _fee = uint128(next);
        _refreshedAt = uint64(block.timestamp);
        emit FeeRefreshed(previous, next);
    }

    /// @inheritdoc IIdentityRegistry
    function fee() external view returns (uint256) {
        return _fee;
    }

    /// The feed's answer, or zero when it fails, is stale, or is not a sane price. A plain call and five full words, of
    /// which no more is copied: no answer of a broken feed, whatever its shape or length, may make this revert.
    function _freshPrice(IPriceFeed feed) private view returns (uint256) {
        bytes4 selector = IPriceFeed.latestRoundData.selector;
        uint256[5] memory words;
        bool ok;
        assembly ("memory-safe") {
            mstore(0x00, selector)
            ok := staticcall(gas(), feed, 0x00, 0x04, words, 0xa0)
            ok := and(ok, gt(returndatasize(), 0x9f))
        }
        if (!ok) return 0;
        (int256 answer, uint256 updatedAt) = (int256(words[1]), words[3]);
        if (answer <= 0 || answer > int256(uint256(type(uint128).max))) return 0;
        if (updatedAt > block.timestamp || block.timestamp - updatedAt > MAX_PRICE_AGE) return 0;
        return uint256(answer);
    }
}
