// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Vm} from "../support/Test.sol";
import {Actor} from "./Actor.sol";
import {World} from "./World.sol";

/// Announces withdrawals, waits, and has them paid.
contract Saver is Actor {
    address public constant POCKET = address(0x5A4E);

    constructor(World world_) Actor(world_) {}

    function announce(uint256 identity, uint256 amount) external booked {
        Vm.Wallet memory owner = world.identity(identity);
        amount = bound(amount, 1, 12 ether);
        uint256 nonce = accounts.withdrawalNonce(owner.addr);
        bytes memory signature = signWithdrawal(owner, accounts, POCKET, amount, nonce, block.timestamp);
        accounts.announceWithdrawal(owner.addr, POCKET, amount, nonce, block.timestamp, signature);
    }

    function execute(uint256 identity) external booked {
        address owner = world.identity(identity).addr;
        (, uint256 amount, uint256 executableAt) = accounts.withdrawalOf(owner);
        uint256 balance = accounts.balanceOf(owner);
        uint256 before = token.balanceOf(POCKET);
        bool due = executableAt != 0 && block.timestamp >= executableAt && balance > 0;
        try accounts.executeWithdrawal(owner) {
            vm.assertTrue(due, "paid only what is due");
            vm.assertEq(token.balanceOf(POCKET) - before, amount < balance ? amount : balance, "what was there");
        } catch {
            vm.assertTrue(!due, "what is due is paid");
        }
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1 hours, 4 days));
    }
}
