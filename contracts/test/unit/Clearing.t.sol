// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {IIdentityRegistry} from "../../src/interfaces/IIdentityRegistry.sol";
import {Accounts} from "../support/Deploying.sol";
import {Network} from "../support/Network.sol";
import {Promise} from "../support/Signing.sol";
import {Vm} from "../support/Test.sol";

/// Says of everybody that they registered with more MYST than there is.
contract Absurd {
    function registeredValue(address) external pure returns (uint256) {
        return type(uint256).max;
    }
}

/// Alice issued a promise to Bob; anybody may bring it.
contract ClearingTest is Network {
    function setUp() public {
        deployNetwork();
        register(alice);
        accounts.deposit(alice.addr, 100 ether);
    }

    function test_pays_the_benefiter_less_the_network_s_fee() public {
        Promise memory promise_ = promiseOf(alice, 1, bob, 4 ether);
        vm.expectEmit(address(accounts));
        emit IPaymentAccounts.Cleared(identityWith(alice.addr, 4 ether), identityWith(bob.addr, 0.04 ether), 1);
        clear(promise_, false);
        balances(96 ether, 3.96 ether, 0.04 ether);
        vm.assertEq(accounts.lastClearedSerial(alice.addr, bob.addr), 1, "serial");
        vm.assertEq(accounts.lastClearedSerial(bob.addr, alice.addr), 0, "the other direction has its own serials");
    }

    function testFuzz_nothing_is_lost_or_made(uint256 amount, uint256 deposit, uint256 serial, bool acceptLess) public {
        amount = bound(amount, 1, LIMIT);
        deposit = bound(deposit, 1, LIMIT);
        serial = bound(serial, 1, type(uint256).max);
        Vm.Wallet memory carol = vm.createWallet(uint256(keccak256("carol")));
        register(carol);
        accounts.deposit(carol.addr, deposit);
        Promise memory promise_ = promiseOf(carol, serial, bob, amount);
        if (amount > deposit && !acceptLess) {
            refused(
                promise_, false, abi.encodeWithSelector(IPaymentAccounts.InsufficientBalance.selector, deposit, amount)
            );
            return;
        }
        uint256 paid = amount < deposit ? amount : deposit;
        clear(promise_, acceptLess);
        vm.assertEq(accounts.balanceOf(carol.addr), deposit - paid, "issuer");
        vm.assertEq(accounts.balanceOf(networkAccount.addr), paid / 100, "network");
        vm.assertEq(accounts.balanceOf(bob.addr), paid - paid / 100, "benefiter");
        vm.assertEq(accounts.lastClearedSerial(carol.addr, bob.addr), serial, "serial");
    }

    function test_a_serial_is_cleared_once_and_lower_ones_never_after() public {
        clear(promiseOf(alice, 7, bob, 1 ether), false);
        bytes memory seven = abi.encodeWithSelector(IPaymentAccounts.SerialNotAboveLast.selector, 7, 7);
        refused(promiseOf(alice, 7, bob, 1 ether), false, seven);
        refused(promiseOf(alice, 7, bob, 2 ether), false, seven);
        bytes memory six = abi.encodeWithSelector(IPaymentAccounts.SerialNotAboveLast.selector, 6, 7);
        refused(promiseOf(alice, 6, bob, 1 ether), false, six);
        clear(promiseOf(alice, 8, bob, 1 ether), false);
    }

    function test_serial_zero_is_none() public {
        refused(
            promiseOf(alice, 0, bob, 1 ether),
            false,
            abi.encodeWithSelector(IPaymentAccounts.SerialNotAboveLast.selector, 0, 0)
        );
    }

    function test_an_amount_of_zero_spends_no_serial() public {
        refused(promiseOf(alice, 1, bob, 0), true, abi.encodeWithSelector(IPaymentAccounts.ZeroAmount.selector));
    }

    function test_at_most_half_of_the_registered_value() public {
        refused(
            promiseOf(alice, 1, bob, LIMIT + 1),
            true,
            abi.encodeWithSelector(IPaymentAccounts.AmountAboveLimit.selector, LIMIT + 1, LIMIT)
        );
        clear(promiseOf(alice, 1, bob, LIMIT), false);
    }

    function test_an_unregistered_issuer_promises_nothing() public {
        accounts.deposit(bob.addr, 1 ether);
        refused(
            promiseOf(bob, 1, alice, 1), false, abi.encodeWithSelector(IPaymentAccounts.AmountAboveLimit.selector, 1, 0)
        );
    }

    function test_too_little_on_the_account_keeps_the_promise_for_later() public {
        Vm.Wallet memory carol = vm.createWallet(uint256(keccak256("carol")));
        register(carol);
        Promise memory promise_ = promiseOf(carol, 1, bob, 4 ether);
        refused(
            promise_,
            false,
            abi.encodeWithSelector(IPaymentAccounts.InsufficientBalance.selector, uint256(0), uint256(4 ether))
        );
        vm.assertEq(accounts.lastClearedSerial(carol.addr, bob.addr), 0, "serial not spent");
        accounts.deposit(carol.addr, 4 ether);
        clear(promise_, false);
        vm.assertEq(accounts.balanceOf(bob.addr), 3.96 ether, "benefiter");
    }

    function test_accepting_less_takes_what_is_there_and_spends_the_serial() public {
        Vm.Wallet memory carol = vm.createWallet(uint256(keccak256("carol")));
        register(carol);
        accounts.deposit(carol.addr, 1 ether);
        vm.expectEmit(address(accounts));
        emit IPaymentAccounts.Cleared(identityWith(carol.addr, 1 ether), identityWith(bob.addr, 0.01 ether), 1);
        clear(promiseOf(carol, 1, bob, 4 ether), true);
        vm.assertEq(accounts.balanceOf(carol.addr), 0, "issuer");
        vm.assertEq(accounts.balanceOf(bob.addr), 0.99 ether, "benefiter");
        accounts.deposit(carol.addr, 10 ether);
        refused(
            promiseOf(carol, 1, bob, 4 ether),
            true,
            abi.encodeWithSelector(IPaymentAccounts.SerialNotAboveLast.selector, 1, 1)
        );
    }

    function test_the_registered_value_is_looked_up_once() public {
        clear(promiseOf(alice, 1, bob, 1 ether), false);
        vm.etch(address(registry), "");
        clear(promiseOf(alice, 2, bob, LIMIT), false);
        vm.assertEq(accounts.balanceOf(alice.addr), 99 ether - LIMIT, "issuer");
    }

    function test_an_identity_that_registers_later_promises_from_then_on() public {
        accounts.deposit(bob.addr, 10 ether);
        Promise memory promise_ = promiseOf(bob, 1, alice, 1 ether);
        refused(promise_, false, abi.encodeWithSelector(IPaymentAccounts.AmountAboveLimit.selector, 1 ether, 0));
        register(bob);
        clear(promise_, false);
        vm.assertEq(accounts.balanceOf(bob.addr), 9 ether, "issuer");
    }

    /// The event has 96 bits for an amount.
    function test_a_registry_that_takes_more_than_all_myst_counts_for_that_much() public {
        Absurd absurd = new Absurd();
        Accounts others = newAccounts(token, IIdentityRegistry(address(absurd)), networkAccount.addr, FEE_BPS, NOTICE);
        Promise memory promise_ = promiseOf(alice, 1, bob, type(uint96).max);
        bytes memory byIssuer = signPromise(alice, others, promise_);
        bytes memory byBenefiter = signClearing(bob, others, promise_, true);
        uint256 limit = uint256(type(uint96).max) / 2;
        vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.AmountAboveLimit.selector, promise_.amount, limit));
        bring(others, promise_, byIssuer, byBenefiter, true);
    }

    function test_a_higher_serial_makes_the_lower_ones_worthless() public {
        clear(promiseOf(alice, 9, bob, 1 ether), false);
        refused(
            promiseOf(alice, 8, bob, 5 ether),
            true,
            abi.encodeWithSelector(IPaymentAccounts.SerialNotAboveLast.selector, 8, 9)
        );
    }

    function test_issuer_benefiter_and_network_may_be_the_same_account() public {
        clear(promiseOf(alice, 1, alice, 4 ether), false);
        balances(99.96 ether, 0, 0.04 ether);
        clear(promiseOf(alice, 1, networkAccount, 4 ether), false);
        balances(95.96 ether, 0, 4.04 ether);
        register(networkAccount);
        clear(promiseOf(networkAccount, 1, networkAccount, 4 ether), false);
        balances(95.96 ether, 0, 4.04 ether);
        clear(promiseOf(networkAccount, 1, bob, 4 ether), false);
        balances(95.96 ether, 3.96 ether, 0.08 ether);
    }

    function clear(Promise memory promise_, bool acceptLess) private {
        (bytes memory byIssuer, bytes memory byBenefiter) = signBoth(promise_, acceptLess);
        vm.prank(address(0xA11));
        bring(accounts, promise_, byIssuer, byBenefiter, acceptLess);
    }

    function refused(Promise memory promise_, bool acceptLess, bytes memory reason) private {
        (bytes memory byIssuer, bytes memory byBenefiter) = signBoth(promise_, acceptLess);
        vm.expectRevert(reason);
        bring(accounts, promise_, byIssuer, byBenefiter, acceptLess);
    }

    function signBoth(Promise memory promise_, bool acceptLess)
        private
        returns (bytes memory byIssuer, bytes memory byBenefiter)
    {
        byIssuer = signPromise(walletOf(promise_.issuer), accounts, promise_);
        byBenefiter = signClearing(walletOf(promise_.benefiter), accounts, promise_, acceptLess);
    }

    function walletOf(address identity) private returns (Vm.Wallet memory) {
        if (identity == alice.addr) return alice;
        if (identity == bob.addr) return bob;
        if (identity == networkAccount.addr) return networkAccount;
        return vm.createWallet(uint256(keccak256("carol")));
    }

    function balances(uint256 ofAlice, uint256 ofBob, uint256 ofNetwork) private view {
        vm.assertEq(accounts.balanceOf(alice.addr), ofAlice, "alice");
        vm.assertEq(accounts.balanceOf(bob.addr), ofBob, "bob");
        vm.assertEq(accounts.balanceOf(networkAccount.addr), ofNetwork, "network");
    }
}
