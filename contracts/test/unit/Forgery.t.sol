// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {Accounts} from "../support/Deploying.sol";
import {Network} from "../support/Network.sol";
import {Promise} from "../support/Signing.sol";
import {Vm} from "../support/Test.sol";

/// What was signed serves for what it was signed for, once, here, and for nothing else.
contract ForgeryTest is Network {
    bytes4 private constant BY_ISSUER = IPaymentAccounts.InvalidIssuerSignature.selector;
    bytes4 private constant BY_BENEFITER = IPaymentAccounts.InvalidBenefiterSignature.selector;
    /// Forge's. Read from the block it would be read again wherever the compiler likes.
    uint256 private constant CHAIN = 31_337;
    Promise private good;

    function setUp() public {
        deployNetwork();
        register(alice);
        accounts.deposit(alice.addr, 100 ether);
        good = promiseOf(alice, 1, bob, 1 ether);
    }

    function test_a_stranger_who_brings_it_changes_nothing_but_who_pays_the_gas() public {
        bytes memory byIssuer = signPromise(alice, accounts, good);
        bytes memory byBenefiter = signClearing(bob, accounts, good, false);
        vm.prank(address(0xBAD));
        bring(accounts, good, byIssuer, byBenefiter, false);
        vm.assertEq(accounts.balanceOf(bob.addr), 0.99 ether, "benefiter");
        vm.assertEq(accounts.balanceOf(address(0xBAD)), 0, "stranger");
        // The benefiter's own transaction comes too late and costs nothing but gas.
        vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.SerialNotAboveLast.selector, 1, 1));
        bring(accounts, good, byIssuer, byBenefiter, false);
    }

    function test_nobody_but_the_benefiter_chooses_to_accept_less() public {
        bytes memory byIssuer = signPromise(alice, accounts, good);
        refused(good, byIssuer, signClearing(bob, accounts, good, false), true, BY_BENEFITER);
        refused(good, byIssuer, signClearing(bob, accounts, good, true), false, BY_BENEFITER);
        refusedMany(bob, one(good), byIssuer, signBatch(bob, accounts, one(good), false), true);
        refusedMany(bob, one(good), byIssuer, signBatch(bob, accounts, one(good), true), false);
    }

    function test_both_must_sign_themselves() public {
        bytes memory byBenefiter = signClearing(bob, accounts, good, false);
        refused(good, signPromise(bob, accounts, good), byBenefiter, false, BY_ISSUER);
        bytes memory byIssuer = signPromise(alice, accounts, good);
        refused(good, byIssuer, signClearing(alice, accounts, good, false), false, BY_BENEFITER);
        refusedMany(bob, one(good), byIssuer, signBatch(alice, accounts, one(good), false), false);
    }

    function testFuzz_what_was_signed_for_another_promise_is_refused(Promise memory other) public {
        other.amount = uint96(other.amount);
        bytes memory byIssuer = signPromise(alice, accounts, good);
        bytes memory byBenefiter = signClearing(bob, accounts, good, false);
        Promise[4] memory others = [
            other,
            Promise(alice.addr, other.serial, bob.addr, 1 ether),
            Promise(alice.addr, 1, bob.addr, other.amount),
            Promise(alice.addr, 1, other.benefiter, 1 ether)
        ];
        for (uint256 i = 0; i < others.length; ++i) {
            // Fuzzing is good at finding the same again.
            if (keccak256(abi.encode(others[i])) == keccak256(abi.encode(good))) continue;
            refused(others[i], byIssuer, byBenefiter, false, BY_ISSUER);
        }
    }

    function testFuzz_no_signature_made_up_is_taken(bytes32 r, bytes32 s, uint8 v, bool forIssuer) public {
        bytes memory madeUp = abi.encodePacked(r, s, v);
        if (forIssuer) {
            refused(good, madeUp, signClearing(bob, accounts, good, false), false, BY_ISSUER);
        } else {
            refused(good, signPromise(alice, accounts, good), madeUp, false, BY_BENEFITER);
            refusedMany(bob, one(good), signPromise(alice, accounts, good), madeUp, false);
        }
    }

    function test_what_one_signs_in_one_place_serves_in_no_other() public {
        Promise memory toSelf = promiseOf(alice, 1, alice, 1 ether);
        bytes memory issuing = signPromise(alice, accounts, toSelf);
        bytes memory clearing = signClearing(alice, accounts, toSelf, false);
        bytes memory batch = signBatch(alice, accounts, one(toSelf), false);
        bytes memory withdrawing = signWithdrawal(alice, accounts, alice.addr, 1 ether, 0, block.timestamp);
        bytes memory registering = signRegistration(alice, registry, alice.addr, FEE, block.timestamp);
        bytes[5] memory all = [issuing, clearing, batch, withdrawing, registering];
        for (uint256 i = 0; i < all.length; ++i) {
            if (i != 0) refused(toSelf, all[i], clearing, false, BY_ISSUER);
            if (i != 1) refused(toSelf, issuing, all[i], false, BY_BENEFITER);
            if (i != 2) refusedMany(alice, one(toSelf), issuing, all[i], false);
            if (i != 3) {
                vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.InvalidWithdrawalSignature.selector));
                accounts.announceWithdrawal(alice.addr, alice.addr, 1 ether, 0, block.timestamp, all[i]);
            }
            bytes memory bobsKey = publicKeyOf(bob);
            vm.expectRevert(abi.encodeWithSignature("InvalidSignature()"));
            registry.register(bobsKey, FEE, block.timestamp, all[i]);
        }
        vm.assertEq(accounts.balanceOf(alice.addr), 100 ether, "nothing moved");
    }

    function test_nobody_brings_a_part_of_a_batch_or_another_order_or_one_more() public {
        Promise[] memory both = new Promise[](2);
        (both[0], both[1]) = (good, promiseOf(alice, 2, bob, 2 ether));
        bytes memory signature = signBatch(bob, accounts, both, false);
        bytes[] memory byIssuers = new bytes[](2);
        refusedMany(bob, one(both[0]), signPromise(alice, accounts, both[0]), signature, false);
        refusedMany(bob, one(both[1]), signPromise(alice, accounts, both[1]), signature, false);
        byIssuers[0] = signPromise(alice, accounts, both[1]);
        byIssuers[1] = signPromise(alice, accounts, both[0]);
        (both[0], both[1]) = (both[1], both[0]);
        vm.expectRevert(abi.encodeWithSelector(BY_BENEFITER));
        bringMany(accounts, bob.addr, both, byIssuers, signature, false);
        bytes memory ofOne = signBatch(bob, accounts, one(good), false);
        vm.expectRevert(abi.encodeWithSelector(BY_BENEFITER));
        bringMany(accounts, bob.addr, both, byIssuers, ofOne, false);
    }

    function test_a_batch_is_cleared_once_however_often_it_is_brought() public {
        bytes[] memory byIssuers = new bytes[](1);
        byIssuers[0] = signPromise(alice, accounts, good);
        bytes memory byBenefiter = signBatch(bob, accounts, one(good), false);
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(address(0xBAD));
            bringMany(accounts, bob.addr, one(good), byIssuers, byBenefiter, false);
        }
        vm.assertEq(accounts.balanceOf(bob.addr), 0.99 ether, "once");
    }

    function test_refuses_what_was_signed_for_another_deployment_or_chain() public {
        Accounts other = newAccounts(token, registry, networkAccount.addr, FEE_BPS, NOTICE);
        bytes memory byIssuer = signPromise(alice, accounts, good);
        bytes memory byBenefiter = signClearing(bob, accounts, good, false);
        bytes memory batch = signBatch(bob, accounts, one(good), false);
        refused(good, signPromise(alice, other, good), byBenefiter, false, BY_ISSUER);
        refused(good, byIssuer, signClearing(bob, other, good, false), false, BY_BENEFITER);
        refusedMany(bob, one(good), byIssuer, signBatch(bob, other, one(good), false), false);
        vm.chainId(CHAIN + 1);
        refused(good, byIssuer, byBenefiter, false, BY_ISSUER);
        refusedMany(bob, one(good), byIssuer, batch, false);
        // Where the chain has split, what is signed for the new id is good there, and no longer on the old one.
        bytes memory issuerThere = signPromise(alice, accounts, good);
        bytes memory benefiterThere = signClearing(bob, accounts, good, false);
        vm.chainId(CHAIN);
        refused(good, issuerThere, benefiterThere, false, BY_ISSUER);
        vm.chainId(CHAIN + 1);
        bring(accounts, good, issuerThere, benefiterThere, false);
        vm.assertEq(accounts.balanceOf(bob.addr), 0.99 ether, "on the new chain");
    }

    function test_every_signature_has_one_form() public {
        bytes memory a = signPromise(alice, accounts, good);
        bytes memory b = signClearing(bob, accounts, good, false);
        bytes memory c = signBatch(bob, accounts, one(good), false);
        refused(good, highS(a), b, false, BY_ISSUER);
        refused(good, compact(a), b, false, BY_ISSUER);
        refused(good, a, highS(b), false, BY_BENEFITER);
        refused(good, a, compact(b), false, BY_BENEFITER);
        uint8[5] memory wrong = [0, 1, 26, 29, 255];
        for (uint256 i = 0; i < wrong.length; ++i) {
            refused(good, withV(a, wrong[i]), b, false, BY_ISSUER);
            refused(good, a, withV(b, wrong[i]), false, BY_BENEFITER);
            refusedMany(bob, one(good), a, withV(c, wrong[i]), false);
            failsInBatch(withV(a, wrong[i]), c);
        }
        failsInBatch(highS(a), c);
        failsInBatch(compact(a), c);
        refusedMany(bob, one(good), a, highS(c), false);
        refusedMany(bob, one(good), a, compact(c), false);
        refusedMany(bob, one(good), a, abi.encodePacked(c, hex"00"), false);
        refusedMany(bob, one(good), a, "", false);
    }

    function test_the_zero_address_signs_nothing() public {
        bytes memory nobody = abi.encodePacked(bytes32(0), bytes32(0), uint8(27));
        Promise memory fromNobody = Promise(address(0), 1, bob.addr, 1);
        refused(fromNobody, nobody, signClearing(bob, accounts, fromNobody, false), false, BY_ISSUER);
        Promise memory toNobody = Promise(alice.addr, 1, address(0), 1);
        refused(toNobody, signPromise(alice, accounts, toNobody), nobody, false, BY_BENEFITER);
        Vm.Wallet memory zero;
        refusedMany(zero, one(toNobody), signPromise(alice, accounts, toNobody), nobody, false);
    }

    /// The words of the call have room for more than the contract reads; it does not make two promises of one.
    function test_bytes_that_do_not_matter_change_nothing() public {
        (bytes32[2] memory a, bytes1 va) = partsOf(signPromise(alice, accounts, good));
        (bytes32[2] memory b, bytes1 vb) = partsOf(signClearing(bob, accounts, good, true));
        bytes32 terms = bytes32(abi.encodePacked(bob.addr, va, vb, hex"ff", hex"0102030405060708ff"));
        accounts.clear(identityWith(alice.addr, 1 ether), terms, 1, a, b);
        vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.SerialNotAboveLast.selector, 1, 1));
        accounts.clear(identityWith(alice.addr, 1 ether), terms, 1, a, b);
    }

    function failsInBatch(bytes memory byIssuer, bytes memory byBenefiter) private {
        bytes[] memory byIssuers = new bytes[](1);
        byIssuers[0] = byIssuer;
        vm.expectEmit(address(accounts));
        emit IPaymentAccounts.ClearFailed(alice.addr, bob.addr, 1, abi.encodeWithSelector(BY_ISSUER));
        bringMany(accounts, bob.addr, one(good), byIssuers, byBenefiter, false);
    }

    function refused(Promise memory p, bytes memory byIssuer, bytes memory byBenefiter, bool acceptLess, bytes4 reason)
        private
    {
        vm.expectRevert(abi.encodeWithSelector(reason));
        bring(accounts, p, byIssuer, byBenefiter, acceptLess);
    }

    function refusedMany(
        Vm.Wallet memory benefiter,
        Promise[] memory promises,
        bytes memory byIssuer,
        bytes memory byBenefiter,
        bool acceptLess
    ) private {
        bytes[] memory byIssuers = new bytes[](1);
        byIssuers[0] = byIssuer;
        vm.expectRevert(abi.encodeWithSelector(BY_BENEFITER));
        bringMany(accounts, benefiter.addr, promises, byIssuers, byBenefiter, acceptLess);
    }

    function one(Promise memory promise_) private pure returns (Promise[] memory promises) {
        promises = new Promise[](1);
        promises[0] = promise_;
    }

    function withV(bytes memory signature, uint8 v) private pure returns (bytes memory) {
        (bytes32 r, bytes32 s,) = split(signature);
        return abi.encodePacked(r, s, v);
    }
}
