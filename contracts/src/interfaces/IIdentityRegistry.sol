// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Registered identities (whitepaper 6.3)
/// @notice An identity is a secp256k1 key pair; its identifier is the last 20 bytes of keccak256(public key).
/// Registering costs a forfeited amount of MYST, which makes the identity something of value.
interface IIdentityRegistry {
    /// @notice An identity came into being.
    /// @param identity its identifier
    /// @param publicKey 64 bytes, uncompressed, without the 0x04 prefix
    /// @param value MYST forfeited, in base units
    event Registered(address indexed identity, bytes publicKey, uint256 value);

    /// @notice The registration fee followed the price feed.
    event FeeRefreshed(uint256 previousFee, uint256 fee);

    /// @notice The public key is not 64 bytes long.
    error InvalidPublicKey();
    /// @notice The signature is not one of this identity over exactly this registration.
    error InvalidSignature();
    /// @notice The identity is registered; it registers once.
    error AlreadyRegistered(address identity);
    /// @notice The signed registration came too late.
    error DeadlinePassed(uint256 deadline);
    /// @notice The fee rose above what the identity agreed to.
    error FeeAboveMaximum(uint256 fee, uint256 maxFee);
    /// @notice The fee was refreshed less than a period ago.
    error RefreshTooEarly(uint256 possibleAt);
    /// @notice The contract was deployed with bounds, addresses or a feed that make no sense.
    error InvalidConfiguration();

    /// @notice Registers an identity for the present fee, taken from the caller's MYST and forfeited. Anybody may
    /// call who holds the identity's signature naming them as payer.
    /// @param publicKey 64 bytes, uncompressed, without the 0x04 prefix
    /// @param maxFee the most that may be taken, in base units
    /// @param deadline seconds since 1970, inclusive
    /// @param signature 65 bytes, low s, by the identity over
    /// `Registration(address identity,address payer,uint256 maxFee,uint256 nonce,uint256 deadline)` with payer =
    /// the caller and nonce = 0
    function register(bytes calldata publicKey, uint256 maxFee, uint256 deadline, bytes calldata signature) external;

    /// @notice Lets the fee follow the price feed: at most once per period, by a bounded step, within absolute
    /// bounds. A feed that is stale, fails or answers nonsense changes nothing, and may be tried again at once.
    function refreshFee() external;

    /// @notice What registering costs now, in base units.
    function fee() external view returns (uint256);

    /// @notice What was forfeited for this identity, in base units; zero when it is not registered.
    function registeredValue(address identity) external view returns (uint256);
}
