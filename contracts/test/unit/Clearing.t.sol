// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {PaymentAccounts} from "../../src/PaymentAccounts.sol";
import {Network} from "../support/Network.sol";
import {Vm} from "../support/Test.sol";

/// Alice issued a promise to Bob; anybody may bring it.
contract ClearingTest is Network {
    function setUp() public {
        deployNetwork();
        register(alice);
        accounts.deposit(alice.addr, 100 ether);
    }

    function test_pays_the_benefiter_less_the_network_s_fee() public {
        IPaymentAccounts.Promise memory promise_ = promiseOf(alice, 1, bob, 4 ether);
        vm.expectEmit(address(accounts));
        emit IPaymentAccounts.Cleared(alice.addr, bob.addr, 1, 4 ether, 0.04 ether);
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
        IPaymentAccounts.Promise memory promise_ = promiseOf(carol, serial, bob, amount);
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
        IPaymentAccounts.Promise memory promise_ = promiseOf(carol, 1, bob, 4 ether);
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
        emit IPaymentAccounts.Cleared(carol.addr, bob.addr, 1, 1 ether, 0.01 ether);
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

    function test_nobody_but_the_benefiter_chooses_to_accept_less() public {
        IPaymentAccounts.Promise memory promise_ = promiseOf(alice, 1, bob, 1 ether);
        bytes memory byIssuer = signPromise(alice, accounts, promise_);
        refusedWith(
            promise_,
            byIssuer,
            signClearing(bob, accounts, promise_, false),
            true,
            IPaymentAccounts.InvalidBenefiterSignature.selector
        );
        refusedWith(
            promise_,
            byIssuer,
            signClearing(bob, accounts, promise_, true),
            false,
            IPaymentAccounts.InvalidBenefiterSignature.selector
        );
    }

    function test_refuses_a_promise_that_its_issuer_did_not_sign() public {
        IPaymentAccounts.Promise memory promise_ = promiseOf(alice, 1, bob, 1 ether);
        refusedWith(
            promise_,
            signPromise(bob, accounts, promise_),
            signClearing(bob, accounts, promise_, false),
            false,
            IPaymentAccounts.InvalidIssuerSignature.selector
        );
    }

    function test_refuses_what_was_signed_for_another_amount_serial_or_benefiter() public {
        IPaymentAccounts.Promise memory signed = promiseOf(alice, 1, bob, 1 ether);
        bytes memory byIssuer = signPromise(alice, accounts, signed);
        IPaymentAccounts.Promise[3] memory others =
            [promiseOf(alice, 1, bob, 2 ether), promiseOf(alice, 2, bob, 1 ether), promiseOf(alice, 1, alice, 1 ether)];
        for (uint256 i = 0; i < others.length; ++i) {
            refusedWith(
                others[i],
                byIssuer,
                signClearing(i == 2 ? alice : bob, accounts, others[i], false),
                false,
                IPaymentAccounts.InvalidIssuerSignature.selector
            );
        }
    }

    function test_an_issuer_s_signature_is_never_the_benefiter_s() public {
        IPaymentAccounts.Promise memory toSelf = promiseOf(alice, 1, alice, 1 ether);
        bytes memory signature = signPromise(alice, accounts, toSelf);
        refusedWith(toSelf, signature, signature, false, IPaymentAccounts.InvalidBenefiterSignature.selector);
        bytes memory clearing = signClearing(alice, accounts, toSelf, false);
        refusedWith(toSelf, clearing, clearing, false, IPaymentAccounts.InvalidIssuerSignature.selector);
    }

    function test_refuses_what_was_signed_for_another_deployment_or_chain() public {
        PaymentAccounts other = new PaymentAccounts(token, registry, networkAccount.addr, FEE_BPS, NOTICE);
        IPaymentAccounts.Promise memory promise_ = promiseOf(alice, 1, bob, 1 ether);
        bytes memory byIssuer = signPromise(alice, accounts, promise_);
        bytes memory byBenefiter = signClearing(bob, accounts, promise_, false);
        bytes4 issuerRefused = IPaymentAccounts.InvalidIssuerSignature.selector;
        refusedWith(promise_, signPromise(alice, other, promise_), byBenefiter, false, issuerRefused);
        refusedWith(
            promise_,
            byIssuer,
            signClearing(bob, other, promise_, false),
            false,
            IPaymentAccounts.InvalidBenefiterSignature.selector
        );
        vm.chainId(block.chainid + 1);
        refusedWith(promise_, byIssuer, byBenefiter, false, issuerRefused);
    }

    function test_refuses_high_s_and_signatures_that_are_not_65_bytes() public {
        IPaymentAccounts.Promise memory promise_ = promiseOf(alice, 1, bob, 1 ether);
        bytes memory a = signPromise(alice, accounts, promise_);
        bytes memory b = signClearing(bob, accounts, promise_, false);
        bytes4 byIssuer = IPaymentAccounts.InvalidIssuerSignature.selector;
        bytes4 byBenefiter = IPaymentAccounts.InvalidBenefiterSignature.selector;
        refusedWith(promise_, highS(a), b, false, byIssuer);
        refusedWith(promise_, compact(a), b, false, byIssuer);
        refusedWith(promise_, "", b, false, byIssuer);
        refusedWith(promise_, a, highS(b), false, byBenefiter);
        refusedWith(promise_, a, compact(b), false, byBenefiter);
        refusedWith(promise_, a, abi.encodePacked(b, hex"00"), false, byBenefiter);
    }

    function test_the_zero_address_signs_nothing() public {
        bytes memory nobody = abi.encodePacked(bytes32(0), bytes32(0), uint8(27));
        IPaymentAccounts.Promise memory promise_ = IPaymentAccounts.Promise(address(0), 1, bob.addr, 1);
        refusedWith(
            promise_,
            nobody,
            signClearing(bob, accounts, promise_, false),
            false,
            IPaymentAccounts.InvalidIssuerSignature.selector
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

    function test_many_are_cleared_and_one_bad_one_does_not_sink_the_rest() public {
        IPaymentAccounts.Promise[] memory promises = new IPaymentAccounts.Promise[](4);
        promises[0] = promiseOf(alice, 1, bob, 1 ether);
        promises[1] = promiseOf(alice, 2, bob, LIMIT + 1);
        promises[2] = promiseOf(alice, 1, bob, 2 ether);
        promises[3] = promiseOf(alice, 3, bob, 3 ether);
        (bytes[] memory byIssuers, bytes[] memory byBenefiters) = signAll(promises, false);
        vm.expectEmit(address(accounts));
        emit IPaymentAccounts.Cleared(alice.addr, bob.addr, 1, 1 ether, 0.01 ether);
        vm.expectEmit(address(accounts));
        emit IPaymentAccounts.ClearFailed(
            alice.addr,
            bob.addr,
            2,
            abi.encodeWithSelector(IPaymentAccounts.AmountAboveLimit.selector, LIMIT + 1, LIMIT)
        );
        vm.expectEmit(address(accounts));
        emit IPaymentAccounts.ClearFailed(
            alice.addr, bob.addr, 1, abi.encodeWithSelector(IPaymentAccounts.SerialNotAboveLast.selector, 1, 1)
        );
        vm.expectEmit(address(accounts));
        emit IPaymentAccounts.Cleared(alice.addr, bob.addr, 3, 3 ether, 0.03 ether);
        accounts.clearMany(promises, byIssuers, byBenefiters, false);
        balances(96 ether, 3.96 ether, 0.04 ether);
    }

    function test_many_need_two_signatures_each() public {
        IPaymentAccounts.Promise[] memory promises = new IPaymentAccounts.Promise[](1);
        promises[0] = promiseOf(alice, 1, bob, 1 ether);
        (bytes[] memory byIssuers, bytes[] memory byBenefiters) = signAll(promises, false);
        bytes memory mismatch = abi.encodeWithSelector(IPaymentAccounts.LengthMismatch.selector);
        vm.expectRevert(mismatch);
        accounts.clearMany(promises, new bytes[](0), byBenefiters, false);
        vm.expectRevert(mismatch);
        accounts.clearMany(promises, byIssuers, new bytes[](2), false);
    }

    function clear(IPaymentAccounts.Promise memory promise_, bool acceptLess) private {
        (bytes memory byIssuer, bytes memory byBenefiter) = signBoth(promise_, acceptLess);
        vm.prank(address(0xA11));
        accounts.clear(promise_, byIssuer, byBenefiter, acceptLess);
    }

    function refused(IPaymentAccounts.Promise memory promise_, bool acceptLess, bytes memory reason) private {
        (bytes memory byIssuer, bytes memory byBenefiter) = signBoth(promise_, acceptLess);
        vm.expectRevert(reason);
        accounts.clear(promise_, byIssuer, byBenefiter, acceptLess);
    }

    function refusedWith(
        IPaymentAccounts.Promise memory promise_,
        bytes memory byIssuer,
        bytes memory byBenefiter,
        bool acceptLess,
        bytes4 reason
    ) private {
        vm.expectRevert(abi.encodeWithSelector(reason));
        accounts.clear(promise_, byIssuer, byBenefiter, acceptLess);
    }

    function signAll(IPaymentAccounts.Promise[] memory promises, bool acceptLess)
        private
        returns (bytes[] memory byIssuers, bytes[] memory byBenefiters)
    {
        byIssuers = new bytes[](promises.length);
        byBenefiters = new bytes[](promises.length);
        for (uint256 i = 0; i < promises.length; ++i) {
            (byIssuers[i], byBenefiters[i]) = signBoth(promises[i], acceptLess);
        }
    }

    function signBoth(IPaymentAccounts.Promise memory promise_, bool acceptLess)
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
