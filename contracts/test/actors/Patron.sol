// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Actor} from "./Actor.sol";
import {World} from "./World.sol";

/// Pays into anybody's account, and now and then sends MYST to the contract by mistake.
contract Patron is Actor {
    constructor(World world_) Actor(world_) {
        token.approve(address(accounts), type(uint256).max);
    }

    function deposit(uint256 identity, uint256 amount) external booked {
        accounts.deposit(world.identity(identity).addr, bound(amount, 1, 8 ether));
    }

    function sendByMistake(uint256 amount) external {
        amount = bound(amount, 0, 1 ether);
        token.transfer(address(accounts), amount);
        world.noteStray(amount);
    }
}
