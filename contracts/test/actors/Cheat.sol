// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {Vm} from "../support/Test.sol";
import {Actor} from "./Actor.sol";
import {World} from "./World.sol";

/// Tries what must never work; everything it brings is refused.
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
        IPaymentAccounts.Promise memory promise_ =
            IPaymentAccounts.Promise(from.addr, serial, to.addr, bound(amount, 1, 5 ether));
        refused(
            promise_,
            signPromise(from, accounts, promise_),
            signClearing(to, accounts, promise_, acceptLess),
            acceptLess
        );
    }

    /// A promise signed by one of the other identities in the issuer's or the benefiter's place.
    function forge(uint256 issuer, uint256 benefiter, uint256 forger, uint256 amount, bool asIssuer) external booked {
        Vm.Wallet memory from = world.identity(issuer);
        Vm.Wallet memory to = world.identity(benefiter);
        Vm.Wallet memory by = world.identity((asIssuer ? issuer : benefiter) % 5 + 1 + forger % 4);
        IPaymentAccounts.Promise memory promise_ = IPaymentAccounts.Promise(
            from.addr, accounts.lastClearedSerial(from.addr, to.addr) + 1, to.addr, bound(amount, 1, 5 ether)
        );
        refused(
            promise_,
            signPromise(asIssuer ? by : from, accounts, promise_),
            signClearing(asIssuer ? to : by, accounts, promise_, true),
            true
        );
    }

    /// A withdrawal to the cheat, signed by another identity or for another recipient.
    function divert(uint256 identity, uint256 forger, uint256 amount, bool ownSignature) external booked {
        Vm.Wallet memory victim = world.identity(identity);
        Vm.Wallet memory by = ownSignature ? victim : world.identity(identity % 5 + 1 + forger % 4);
        uint256 nonce = accounts.withdrawalNonce(victim.addr);
        amount = bound(amount, 1, 8 ether);
        address signedFor = ownSignature ? victim.addr : address(this);
        bytes memory signature = signWithdrawal(by, accounts, signedFor, amount, nonce, block.timestamp);
        try accounts.announceWithdrawal(victim.addr, address(this), amount, nonce, block.timestamp, signature) {
            vm.assertTrue(false, "nobody diverts a withdrawal");
        } catch {
            ++refusals;
        }
    }

    function refused(
        IPaymentAccounts.Promise memory promise_,
        bytes memory byIssuer,
        bytes memory byBenefiter,
        bool acceptLess
    ) private {
        try accounts.clear(promise_, byIssuer, byBenefiter, acceptLess) {
            vm.assertTrue(false, "a cheat's promise is never cleared");
        } catch {
            ++refusals;
        }
    }
}
