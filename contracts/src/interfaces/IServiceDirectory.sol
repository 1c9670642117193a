// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Where providers announce their signed service proposals (whitepaper 6.4)
interface IServiceDirectory {
    /// @notice A proposal, exactly as it came. Whether it is valid is for the reader to find out.
    event Announced(bytes proposal);

    /// @notice A proposal has 1 to 4096 bytes.
    error InvalidProposalLength(uint256 length);

    /// @notice Writes a signed proposal to the chain's log. Anybody may call.
    function announce(bytes calldata proposal) external;
}
