// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Promise} from "../support/Signing.sol";
import {Vm} from "../support/Test.sol";
import {Actor} from "./Actor.sol";
import {World} from "./World.sol";

/// Tries what must never work; everything it brings is refused or moves nothing.
contract Cheat is Actor {
    uint256 public refusals;

    constructor(World world_) Actor(world_) {}

    /// A promise with a serial that was cleared or passed over, rightly signed, for whatever amount.
    function bringAgain(uint256 issuer, uint256 benefiter, uint256 serial, uint256 amount, bool acceptLess)
        external
        booked
    {
        Vm.Wallet memory from = world.identity(issuer);
        Vm.Wallet memory to = world.identity(benefiter);
        serial = bound(serial, 0, accounts.lastClearedSerial(from.addr, to.addr));
        Promise memory promise_ = Promise(from.addr, serial, to.addr, bound(amount, 1, 5 ether));
        bytes memory byIssuer = signPromise(from, accounts, promise_);
        refused(clearCall(promise_, byIssuer, signClearing(to, accounts, promise_, acceptLess), acceptLess));
    }

    /// A whole transaction that went through before, byte by byte: alone it is refused, a batch moves nothing of what
    /// it moved.
    function replay(uint256 which) external booked {
        bytes memory data = world.brought(which);
        if (data.length == 0) return;
        // Sees to it in its books that no serial is cleared twice.
        (bool ok,) = address(accounts).call(data);
        if (bytes4(data) == accounts.clear.selector) vm.assertTrue(!ok, "a transaction is good once");
        ++refusals;
    }

    /// A promise signed by one of the other identities in the issuer's or the benefiter's place.
    function forge(uint256 issuer, uint256 benefiter, uint256 forger, uint256 amount, bool asIssuer) external booked {
        Vm.Wallet memory from = world.identity(issuer);
        Vm.Wallet memory to = world.identity(benefiter);
        Vm.Wallet memory by = world.identity((asIssuer ? issuer : benefiter) % 5 + 1 + forger % 4);
        Promise memory promise_ = next(from, to, amount);
        bytes memory byIssuer = signPromise(asIssuer ? by : from, accounts, promise_);
        refused(clearCall(promise_, byIssuer, signClearing(asIssuer ? to : by, accounts, promise_, true), true));
    }

    /// Good signatures in another form, for another place, or for something else.
    function twist(uint256 issuer, uint256 benefiter, uint256 amount, uint256 how) external booked {
        Vm.Wallet memory from = world.identity(issuer);
        Vm.Wallet memory to = world.identity(benefiter);
        Promise memory promise_ = next(from, to, amount);
        bytes memory byIssuer = signPromise(from, accounts, promise_);
        bytes memory byBenefiter = signClearing(to, accounts, promise_, false);
        Promise[] memory promises = new Promise[](1);
        promises[0] = promise_;
        bytes[] memory byIssuers = new bytes[](1);
        byIssuers[0] = byIssuer;
        how %= 10;
        if (how == 0) refused(clearCall(promise_, highS(byIssuer), byBenefiter, false));
        if (how == 1) refused(clearCall(promise_, byIssuer, highS(byBenefiter), false));
        if (how == 2) refused(clearCall(promise_, compact(byIssuer), byBenefiter, false));
        if (how == 3) refused(clearCall(promise_, byIssuer, byBenefiter, true));
        if (how == 4) refused(clearCall(promise_, byIssuer, byIssuer, false));
        if (how == 5) refused(clearCall(promise_, byIssuer, signBatch(to, accounts, promises, false), false));
        if (how == 6) refused(clearManyCall(to.addr, promises, byIssuers, byBenefiter, false));
        if (how == 7) refused(clearCall(promise_, signPromise(from, registry, promise_), byBenefiter, false));
        if (how == 8) {
            byBenefiter = signBatch(to, accounts, promises, false);
            promises[0].amount += 1;
            refused(clearManyCall(to.addr, promises, byIssuers, byBenefiter, false));
        }
        if (how == 9) {
            vm.chainId(block.chainid + 1);
            bytes memory elsewhere = signClearing(to, accounts, promise_, false);
            vm.chainId(block.chainid - 1);
            refused(clearCall(promise_, byIssuer, elsewhere, false));
        }
    }

    /// A withdrawal to the cheat, signed by another identity or for another recipient.
    function divert(uint256 identity, uint256 forger, uint256 amount, bool ownSignature) external booked {
        Vm.Wallet memory victim = world.identity(identity);
        Vm.Wallet memory by = ownSignature ? victim : world.identity(identity % 5 + 1 + forger % 4);
        uint256 nonce = accounts.withdrawalNonce(victim.addr);
        amount = bound(amount, 1, 8 ether);
        address signedFor = ownSignature ? victim.addr : address(this);
        bytes memory signature = signWithdrawal(by, accounts, signedFor, amount, nonce, block.timestamp);
        refused(
            abi.encodeCall(
                accounts.announceWithdrawal, (victim.addr, address(this), amount, nonce, block.timestamp, signature)
            )
        );
    }

    function next(Vm.Wallet memory from, Vm.Wallet memory to, uint256 amount) private view returns (Promise memory) {
        uint256 serial = accounts.lastClearedSerial(from.addr, to.addr) + 1;
        return Promise(from.addr, serial, to.addr, bound(amount, 1, 5 ether));
    }

    function refused(bytes memory data) private {
        (bool ok,) = address(accounts).call(data);
        vm.assertTrue(!ok, "a cheat has no success");
        ++refusals;
    }
}
