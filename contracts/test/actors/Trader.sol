// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Promise} from "../support/Signing.sol";
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
        Promise memory promise_ = Promise(from.addr, last + bound(step, 0, 3), to.addr, bound(amount, 1, 6 ether));
        bool due = promise_.serial > last && promise_.amount <= registry.registeredValue(from.addr) / 2
            && (acceptLess || promise_.amount <= accounts.balanceOf(from.addr));
        world.noteSigned(promise_);
        bytes memory byIssuer = signPromise(from, accounts, promise_);
        bytes memory byBenefiter = signClearing(to, accounts, promise_, acceptLess);
        bytes memory data = clearCall(promise_, byIssuer, byBenefiter, acceptLess);
        (bool ok,) = address(accounts).call(data);
        vm.assertTrue(ok == due, "what is due is cleared, and nothing else");
        if (ok) world.noteBrought(data);
    }

    /// Promises of anybody to one, now and then one that its issuer did not sign.
    function clearMany(uint256 benefiter, uint256 seed, bool acceptLess) external booked {
        Vm.Wallet memory to = world.identity(benefiter);
        uint256 count = seed % 6;
        Promise[] memory promises = new Promise[](count);
        bytes[] memory byIssuers = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            Vm.Wallet memory from = world.identity(dice >> 8);
            uint256 serial = accounts.lastClearedSerial(from.addr, to.addr) + (dice >> 24) % 4;
            promises[i] = Promise(from.addr, serial, to.addr, bound(dice >> 32, 1, 6 ether));
            bool signed = dice % 8 != 0;
            byIssuers[i] = signPromise(signed ? from : world.identity((dice >> 8) + 1), accounts, promises[i]);
            if (signed) world.noteSigned(promises[i]);
        }
        bytes memory byBenefiter = signBatch(to, accounts, promises, acceptLess);
        bytes memory data = clearManyCall(to.addr, promises, byIssuers, byBenefiter, acceptLess);
        uint256 before = world.clearings() + world.failedClearings();
        (bool ok,) = address(accounts).call(data);
        vm.assertTrue(ok, "a batch as a whole never fails");
        world.keepBooks();
        vm.assertEq(world.clearings() + world.failedClearings(), before + count, "each cleared or reported");
        world.noteBrought(data);
    }
}
