// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {Accounts} from "../support/Deploying.sol";
import {Network} from "../support/Network.sol";
import {Promise} from "../support/Signing.sol";
import {Vm} from "../support/Test.sol";

/// Promises to Bob in one transaction, under one signature of Bob's.
contract ClearManyTest is Network {
    Vm.Wallet private carol;
    Vm.Wallet[] private people;

    function setUp() public {
        deployNetwork();
        carol = vm.createWallet(uint256(keccak256("carol")));
        for (uint256 i = 0; i < 4; ++i) {
            people.push(i == 0 ? alice : i == 1 ? bob : i == 2 ? carol : networkAccount);
            register(people[i]);
        }
        accounts.deposit(alice.addr, 10 ether);
        accounts.deposit(carol.addr, 10 ether);
    }

    function test_pays_all_and_writes_one_log_for_each() public {
        Promise[] memory promises = new Promise[](2);
        promises[0] = promiseOf(alice, 1, bob, 1 ether);
        promises[1] = promiseOf(carol, 7, bob, 2 ether);
        vm.recordLogs();
        bringAll(bob, promises, false);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 2, "logs");
        for (uint256 i = 0; i < 2; ++i) {
            vm.assertEq(logs[i].topics.length, 1, "topics");
            vm.assertEq(logs[i].topics[0], IPaymentAccounts.Cleared.selector, "cleared");
        }
        vm.assertEq(keccak256(logs[0].data), keccak256(clearedData(promises[0], 0.01 ether)), "first");
        vm.assertEq(keccak256(logs[1].data), keccak256(clearedData(promises[1], 0.02 ether)), "second");
        vm.assertEq(accounts.balanceOf(bob.addr), 2.97 ether, "benefiter");
        vm.assertEq(accounts.balanceOf(networkAccount.addr), 0.03 ether, "network");
        vm.assertEq(accounts.lastClearedSerial(alice.addr, bob.addr), 1, "serial");
        vm.assertEq(accounts.lastClearedSerial(carol.addr, bob.addr), 7, "serial");
    }

    /// Every reason for which one can be refused, between two good ones.
    function test_a_bad_one_is_reported_with_its_reason_and_does_not_sink_the_rest() public {
        Promise[] memory promises = new Promise[](7);
        promises[0] = promiseOf(alice, 3, bob, 1 ether);
        promises[1] = promiseOf(alice, 4, bob, LIMIT + 1);
        promises[2] = promiseOf(alice, 3, bob, 2 ether);
        promises[3] = promiseOf(alice, 5, bob, 0);
        promises[4] = promiseOf(bob, 1, bob, 3 ether);
        promises[5] = promiseOf(carol, 1, bob, 2 ether);
        promises[6] = promiseOf(alice, 6, bob, 4 ether);
        bytes[] memory byIssuers = signAll(promises);
        byIssuers[5] = signPromise(alice, accounts, promises[5]);
        bytes memory byBenefiter = signBatch(bob, accounts, promises, false);

        expectCleared(promises[0], 0.01 ether);
        expectFailed(promises[1], abi.encodeWithSelector(IPaymentAccounts.AmountAboveLimit.selector, LIMIT + 1, LIMIT));
        expectFailed(promises[2], abi.encodeWithSelector(IPaymentAccounts.SerialNotAboveLast.selector, 3, 3));
        expectFailed(promises[3], abi.encodeWithSelector(IPaymentAccounts.ZeroAmount.selector));
        // Bob has what the first one brought him.
        expectFailed(
            promises[4], abi.encodeWithSelector(IPaymentAccounts.InsufficientBalance.selector, 0.99 ether, 3 ether)
        );
        expectFailed(promises[5], abi.encodeWithSelector(IPaymentAccounts.InvalidIssuerSignature.selector));
        expectCleared(promises[6], 0.04 ether);
        vm.prank(address(0xA11));
        bringMany(accounts, bob.addr, promises, byIssuers, byBenefiter, false);
        vm.assertEq(accounts.balanceOf(bob.addr), 4.95 ether, "benefiter");
        vm.assertEq(accounts.balanceOf(alice.addr), 5 ether, "issuer");
        vm.assertEq(accounts.lastClearedSerial(carol.addr, bob.addr), 0, "a forged one spends no serial");
    }

    function test_accepting_less_holds_for_all() public {
        Promise[] memory promises = new Promise[](3);
        promises[0] = promiseOf(alice, 1, bob, LIMIT);
        promises[1] = promiseOf(alice, 2, bob, LIMIT);
        promises[2] = promiseOf(alice, 3, bob, LIMIT);
        bringAll(bob, promises, true);
        vm.assertEq(accounts.balanceOf(alice.addr), 0, "issuer");
        vm.assertEq(accounts.balanceOf(bob.addr), 9.9 ether, "benefiter");
        vm.assertEq(accounts.lastClearedSerial(alice.addr, bob.addr), 3, "the last for nothing, serial spent");
    }

    function test_none_at_all_changes_nothing() public {
        vm.recordLogs();
        bringAll(bob, new Promise[](0), false);
        vm.assertEq(vm.getRecordedLogs().length, 0, "logs");
        vm.assertEq(accounts.balanceOf(bob.addr), 0, "benefiter");
    }

    function test_two_of_one_issuer_where_the_lower_is_not_covered_void_it() public {
        Promise[] memory promises = new Promise[](3);
        promises[0] = promiseOf(alice, 1, bob, LIMIT);
        promises[1] = promiseOf(alice, 2, bob, LIMIT);
        promises[2] = promiseOf(alice, 3, bob, LIMIT);
        bringAll(bob, promises, false);
        vm.assertEq(accounts.lastClearedSerial(alice.addr, bob.addr), 2, "the third stays good");
        accounts.deposit(alice.addr, 1 ether);
        promises[2] = promiseOf(alice, 3, bob, LIMIT);
        promises[1] = promiseOf(alice, 4, bob, 1 ether);
        (promises[1], promises[2]) = (promises[2], promises[1]);
        bringAll(bob, promises, false);
        vm.assertEq(accounts.lastClearedSerial(alice.addr, bob.addr), 4, "and is worthless after the fourth");
    }

    /// Whoever takes part in whatever way, benefiter and network among the issuers: a batch does what its promises do
    /// one after the other.
    function testFuzz_a_batch_does_what_its_promises_do_alone(uint256 seed, uint8 count, bool acceptLess) public {
        Vm.Wallet memory to = people[seed % 4];
        Accounts others = newAccounts(token, registry, networkAccount.addr, FEE_BPS, NOTICE);
        token.approve(address(others), type(uint256).max);
        others.deposit(alice.addr, 10 ether);
        others.deposit(carol.addr, 10 ether);
        Promise[] memory promises = new Promise[](count % 12);
        uint256 cleared = 0;
        for (uint256 i = 0; i < promises.length; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            promises[i] = promiseOf(people[dice % 4], (dice >> 8) % 12, to, bound(dice >> 32, 0, LIMIT + 1));
            bytes memory byIssuer = signPromise(people[(dice >> 16) % 16 == 0 ? 0 : dice % 4], others, promises[i]);
            bytes memory byBenefiter = signClearing(to, others, promises[i], acceptLess);
            // Fails or not, like its counterpart in the batch.
            (bool ok,) = address(others).call(clearCall(promises[i], byIssuer, byBenefiter, acceptLess));
            cleared += ok ? 1 : 0;
        }
        bytes[] memory byIssuers = new bytes[](promises.length);
        for (uint256 i = 0; i < promises.length; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            byIssuers[i] = signPromise(people[(dice >> 16) % 16 == 0 ? 0 : dice % 4], accounts, promises[i]);
        }
        bytes memory all = signBatch(to, accounts, promises, acceptLess);
        vm.recordLogs();
        bringMany(accounts, to.addr, promises, byIssuers, all, acceptLess);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, promises.length, "one log for each");
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IPaymentAccounts.Cleared.selector) --cleared;
        }
        vm.assertEq(cleared, 0, "as many cleared");
        for (uint256 i = 0; i < 4; ++i) {
            address one = people[i].addr;
            vm.assertEq(accounts.balanceOf(one), others.balanceOf(one), "balance");
            vm.assertEq(accounts.lastClearedSerial(one, to.addr), others.lastClearedSerial(one, to.addr), "last serial");
        }
    }

    function bringAll(Vm.Wallet memory benefiter, Promise[] memory promises, bool acceptLess) private {
        bytes memory byBenefiter = signBatch(benefiter, accounts, promises, acceptLess);
        bringMany(accounts, benefiter.addr, promises, signAll(promises), byBenefiter, acceptLess);
    }

    function signAll(Promise[] memory promises) private view returns (bytes[] memory byIssuers) {
        byIssuers = new bytes[](promises.length);
        for (uint256 i = 0; i < promises.length; ++i) {
            for (uint256 j = 0; j < people.length; ++j) {
                if (people[j].addr == promises[i].issuer) byIssuers[i] = signPromise(people[j], accounts, promises[i]);
            }
        }
    }

    function clearedData(Promise memory p, uint256 fee) private pure returns (bytes memory) {
        return abi.encode(identityWith(p.issuer, p.amount), identityWith(p.benefiter, fee), p.serial);
    }

    function expectCleared(Promise memory p, uint256 fee) private {
        vm.expectEmit(address(accounts));
        emit IPaymentAccounts.Cleared(identityWith(p.issuer, p.amount), identityWith(p.benefiter, fee), p.serial);
    }

    function expectFailed(Promise memory p, bytes memory reason) private {
        vm.expectEmit(address(accounts));
        emit IPaymentAccounts.ClearFailed(p.issuer, p.benefiter, p.serial, reason);
    }
}
