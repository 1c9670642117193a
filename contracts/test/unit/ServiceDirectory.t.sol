// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IServiceDirectory} from "../../src/interfaces/IServiceDirectory.sol";
import {Deploying} from "../support/Deploying.sol";

contract ServiceDirectoryTest is Deploying {
    IServiceDirectory private directory;

    function setUp() public {
        directory = newDirectory();
    }

    function testFuzz_emits_the_bytes_as_they_came(bytes calldata proposal, address sender) public {
        vm.assume(proposal.length > 0 && proposal.length <= 4096);
        vm.expectEmit(address(directory));
        emit IServiceDirectory.Announced(proposal);
        vm.prank(sender);
        directory.announce(proposal);
    }

    function test_takes_4096_bytes_and_not_one_more() public {
        vm.expectEmit(address(directory));
        emit IServiceDirectory.Announced(new bytes(4096));
        directory.announce(new bytes(4096));
        vm.expectRevert(abi.encodeWithSelector(IServiceDirectory.InvalidProposalLength.selector, 4097));
        directory.announce(new bytes(4097));
    }

    function test_refuses_nothing_at_all() public {
        vm.expectRevert(abi.encodeWithSelector(IServiceDirectory.InvalidProposalLength.selector, 0));
        directory.announce("");
    }
}
