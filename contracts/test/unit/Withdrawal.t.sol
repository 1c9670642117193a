// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {Accounts, Registry, Token} from "../support/Deploying.sol";
import {Network} from "../support/Network.sol";
import {Promise} from "../support/Signing.sol";
import {Vm} from "../support/Test.sol";

/// A token of which there is more than the accounts could count.
contract Flood {
    uint256 public constant totalSupply = uint256(type(uint128).max) + 1;
}

contract WithdrawalTest is Network {
    address private constant TO = address(0xCAFE);

    function setUp() public {
        deployNetwork();
        register(alice);
        accounts.deposit(alice.addr, 10 ether);
    }

    function test_announced_then_paid_after_the_notice_period() public {
        uint256 executableAt = block.timestamp + NOTICE;
        bytes memory signature = signWithdrawal(alice, accounts, TO, 4 ether, 0, block.timestamp);
        vm.expectEmit(address(accounts));
        emit IPaymentAccounts.WithdrawalAnnounced(alice.addr, TO, 4 ether, executableAt);
        accounts.announceWithdrawal(alice.addr, TO, 4 ether, 0, block.timestamp, signature);
        pending(TO, 4 ether, executableAt);
        vm.assertEq(accounts.balanceOf(alice.addr), 10 ether, "nothing is reserved");

        vm.warp(executableAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.WithdrawalTooEarly.selector, executableAt));
        accounts.executeWithdrawal(alice.addr);

        vm.warp(executableAt);
        vm.expectEmit(address(accounts));
        emit IPaymentAccounts.Withdrawn(alice.addr, TO, 4 ether);
        vm.prank(address(0xA11));
        accounts.executeWithdrawal(alice.addr);
        vm.assertEq(token.balanceOf(TO), 4 ether, "recipient");
        vm.assertEq(accounts.balanceOf(alice.addr), 6 ether, "account");
        pending(address(0), 0, 0);
    }

    function test_paid_once() public {
        announce(4 ether, 0);
        vm.warp(block.timestamp + NOTICE);
        accounts.executeWithdrawal(alice.addr);
        vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.NoWithdrawal.selector));
        accounts.executeWithdrawal(alice.addr);
    }

    function test_not_announced_not_paid() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.NoWithdrawal.selector));
        accounts.executeWithdrawal(bob.addr);
    }

    function testFuzz_what_was_cleared_in_between_is_gone(uint256 cleared, uint256 amount) public {
        cleared = bound(cleared, 1, LIMIT);
        amount = bound(amount, 1, 20 ether);
        announce(amount, 0);
        Promise memory promise_ = promiseOf(alice, 1, bob, cleared);
        bring(
            accounts,
            promise_,
            signPromise(alice, accounts, promise_),
            signClearing(bob, accounts, promise_, false),
            false
        );
        vm.warp(block.timestamp + NOTICE);
        accounts.executeWithdrawal(alice.addr);
        uint256 left = 10 ether - cleared;
        uint256 paid = amount < left ? amount : left;
        vm.assertEq(token.balanceOf(TO), paid, "recipient");
        vm.assertEq(accounts.balanceOf(alice.addr), left - paid, "account");
    }

    function test_an_empty_account_does_not_settle_it() public {
        Vm.Wallet memory carol = vm.createWallet(uint256(keccak256("carol")));
        bytes memory signature = signWithdrawal(carol, accounts, TO, 1 ether, 0, block.timestamp);
        accounts.announceWithdrawal(carol.addr, TO, 1 ether, 0, block.timestamp, signature);
        vm.warp(block.timestamp + NOTICE);
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentAccounts.InsufficientBalance.selector, uint256(0), uint256(1 ether))
        );
        accounts.executeWithdrawal(carol.addr);
        accounts.deposit(carol.addr, 1 ether);
        accounts.executeWithdrawal(carol.addr);
        vm.assertEq(token.balanceOf(TO), 1 ether, "recipient");
    }

    function test_announcing_again_replaces_and_the_period_begins_anew() public {
        announce(4 ether, 0);
        vm.warp(block.timestamp + NOTICE);
        announce(5 ether, 1);
        uint256 executableAt = block.timestamp + NOTICE;
        pending(TO, 5 ether, executableAt);
        vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.WithdrawalTooEarly.selector, executableAt));
        accounts.executeWithdrawal(alice.addr);
    }

    function test_a_signature_serves_once() public {
        bytes memory signature = signWithdrawal(alice, accounts, TO, 4 ether, 0, block.timestamp + 30 days);
        uint256 deadline = block.timestamp + 30 days;
        accounts.announceWithdrawal(alice.addr, TO, 4 ether, 0, deadline, signature);
        vm.assertEq(accounts.withdrawalNonce(alice.addr), 1, "nonce");
        vm.warp(block.timestamp + NOTICE);
        accounts.executeWithdrawal(alice.addr);
        vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.InvalidNonce.selector, 0, 1));
        accounts.announceWithdrawal(alice.addr, TO, 4 ether, 0, deadline, signature);
        refused(TO, 4 ether, 1, deadline, signature);
    }

    function test_refuses_after_the_deadline() public {
        uint256 deadline = block.timestamp + 60;
        bytes memory signature = signWithdrawal(alice, accounts, TO, 4 ether, 0, deadline);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.DeadlinePassed.selector, deadline));
        accounts.announceWithdrawal(alice.addr, TO, 4 ether, 0, deadline, signature);
    }

    function test_refuses_another_recipient_amount_deadline_signer_or_deployment() public {
        uint256 deadline = block.timestamp;
        bytes memory signature = signWithdrawal(alice, accounts, TO, 4 ether, 0, deadline);
        refused(address(0xBAD), 4 ether, 0, deadline, signature);
        refused(TO, 5 ether, 0, deadline, signature);
        refused(TO, 4 ether, 0, deadline + 1, signature);
        refused(TO, 4 ether, 0, deadline, signWithdrawal(bob, accounts, TO, 4 ether, 0, deadline));
        refused(TO, 4 ether, 0, deadline, highS(signature));
        refused(TO, 4 ether, 0, deadline, compact(signature));
        Accounts other = newAccounts(token, registry, networkAccount.addr, FEE_BPS, NOTICE);
        refused(TO, 4 ether, 0, deadline, signWithdrawal(alice, other, TO, 4 ether, 0, deadline));
    }

    function test_refuses_recipients_that_would_lose_it_and_senseless_amounts() public {
        refusedFor(address(0), 1, IPaymentAccounts.InvalidRecipient.selector);
        refusedFor(address(accounts), 1, IPaymentAccounts.InvalidRecipient.selector);
        refusedFor(TO, 0, IPaymentAccounts.ZeroAmount.selector);
        refusedFor(TO, uint256(type(uint128).max) + 1, IPaymentAccounts.AmountTooLarge.selector);
    }

    function test_the_network_takes_its_fees_out_like_everybody() public {
        Promise memory promise_ = promiseOf(alice, 1, bob, 5 ether);
        bring(
            accounts,
            promise_,
            signPromise(alice, accounts, promise_),
            signClearing(bob, accounts, promise_, false),
            false
        );
        bytes memory signature = signWithdrawal(networkAccount, accounts, TO, 1 ether, 0, block.timestamp);
        accounts.announceWithdrawal(networkAccount.addr, TO, 1 ether, 0, block.timestamp, signature);
        vm.warp(block.timestamp + NOTICE);
        accounts.executeWithdrawal(networkAccount.addr);
        vm.assertEq(token.balanceOf(TO), 0.05 ether, "fee");
    }

    function test_deployment_refuses_fees_and_periods_that_make_no_sense() public {
        bytes memory invalid = abi.encodeWithSelector(IPaymentAccounts.InvalidConfiguration.selector);
        vm.expectRevert(invalid);
        newAccounts(token, registry, networkAccount.addr, 1_001, NOTICE);
        vm.expectRevert(invalid);
        newAccounts(token, registry, networkAccount.addr, FEE_BPS, 0);
        vm.expectRevert(invalid);
        newAccounts(token, registry, networkAccount.addr, FEE_BPS, 365 days + 1);
        vm.expectRevert(invalid);
        newAccounts(token, registry, address(0), FEE_BPS, NOTICE);
        vm.expectRevert(invalid);
        newAccounts(Token(address(0)), registry, networkAccount.addr, FEE_BPS, NOTICE);
        vm.expectRevert(invalid);
        newAccounts(token, Registry(address(0)), networkAccount.addr, FEE_BPS, NOTICE);
        // All of it together must fit into half a slot.
        Token tooMuch = Token(address(new Flood()));
        vm.expectRevert(invalid);
        newAccounts(tooMuch, registry, networkAccount.addr, FEE_BPS, NOTICE);
    }

    function announce(uint256 amount, uint256 nonce) private {
        bytes memory signature = signWithdrawal(alice, accounts, TO, amount, nonce, block.timestamp);
        accounts.announceWithdrawal(alice.addr, TO, amount, nonce, block.timestamp, signature);
    }

    function refused(address to, uint256 amount, uint256 nonce, uint256 deadline, bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.InvalidWithdrawalSignature.selector));
        accounts.announceWithdrawal(alice.addr, to, amount, nonce, deadline, signature);
    }

    function refusedFor(address to, uint256 amount, bytes4 reason) private {
        bytes memory signature = signWithdrawal(alice, accounts, to, amount, 0, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(reason));
        accounts.announceWithdrawal(alice.addr, to, amount, 0, block.timestamp, signature);
    }

    function pending(address to, uint256 amount, uint256 executableAt) private view {
        (address actualTo, uint256 actualAmount, uint256 actualAt) = accounts.withdrawalOf(alice.addr);
        vm.assertEq(actualTo, to, "to");
        vm.assertEq(actualAmount, amount, "amount");
        vm.assertEq(actualAt, executableAt, "executable at");
    }
}
