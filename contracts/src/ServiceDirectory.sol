// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IServiceDirectory} from "./interfaces/IServiceDirectory.sol";

/// @title Where providers announce their signed service proposals
/// @notice See IServiceDirectory.
contract ServiceDirectory is IServiceDirectory {
    /// @notice A proposal with all its contacts stays well below; more only fills the databases of all readers.
    uint256 public constant MAX_PROPOSAL_LENGTH = 4096;

    /// @inheritdoc IServiceDirectory
    function announce(bytes calldata proposal) external {
        if (proposal.length == 0 || proposal.length > MAX_PROPOSAL_LENGTH) {
            revert InvalidProposalLength(proposal.length);
        }
        emit Announced(proposal);
    }
}
