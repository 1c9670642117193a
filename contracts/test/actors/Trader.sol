// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {Vm} from "../support/Test.sol";
import {Actor} from "./Actor.sol";
import {World} from "./World.sol";

/// Issues promises and has them cleared, alone or many at once, all signed as they should be.
contract Trader is Actor {
    constructor(World world_) Actor(world_) {}

    function clear(uint256 issuer, uint256 benefiter, uint256 step, uint256 amount, bool acceptLess) external booked {
        Vm.Wallet memory from = world.identity(issuer);
        Vm.Wallet memory to = world.identity(benefiter);
        uint256 last = accounts.lastClearedSerial(from.addr, to.addr);
        IPaymentAccounts.Promise memory promise_ =
            IPaymentAccounts.Promise(from.addr, last + bound(step, 0, 3), to.addr, bound(amount, 1, 6 ether));
        bool due = promise_.serial > last && promise_.amount <= registry.registeredValue(from.addr) / 2
            && (acceptLess || promise_.amount <= accounts.balanceOf(from.addr));
        bytes memory byIssuer = signPromise(from, accounts, promise_);
        bytes memory byBenefiter = signClearing(to, accounts, promise_, acceptLess);
        try accounts.clear(promise_, byIssuer, byBenefiter, acceptLess) {
            vm.assertTrue(due, "cleared only what is due");
        } catch {
            vm.assertTrue(!due, "what is due is cleared");
        }
    }

    function clearMany(uint256 seed, bool acceptLess) external booked {
        uint256 count = seed % 5;
        IPaymentAccounts.Promise[] memory promises = new IPaymentAccounts.Promise[](count);
        bytes[] memory byIssuers = new bytes[](count);
        bytes[] memory byBenefiters = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            Vm.Wallet memory from = world.identity(dice >> 8);
            Vm.Wallet memory to = world.identity(dice >> 16);
            uint256 serial = accounts.lastClearedSerial(from.addr, to.addr) + (dice >> 24) % 4;
            promises[i] = IPaymentAccounts.Promise(from.addr, serial, to.addr, bound(dice >> 32, 1, 6 ether));
            byIssuers[i] = signPromise(from, accounts, promises[i]);
            byBenefiters[i] = signClearing(to, accounts, promises[i], acceptLess);
        }
        uint256 before = world.clearings() + world.failedClearings();
        accounts.clearMany(promises, byIssuers, byBenefiters, acceptLess);
        world.keepBooks();
        vm.assertEq(world.clearings() + world.failedClearings(), before + count, "each cleared or reported");
    }
}
