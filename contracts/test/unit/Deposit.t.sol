// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {Network} from "../support/Network.sol";
import {Promise} from "../support/Signing.sol";
import {Vm} from "../support/Test.sol";

contract DepositTest is Network {
    Vm.Wallet private payer;

    function setUp() public {
        deployNetwork();
        payer = vm.createWallet(uint256(keccak256("payer")));
        token.transfer(payer.addr, 10 ether);
    }

    function testFuzz_anybody_pays_in_for_any_identity(address identity, uint256 amount) public {
        vm.assume(identity != address(0));
        amount = bound(amount, 1, token.balanceOf(address(this)));
        vm.expectEmit(address(accounts));
        emit IPaymentAccounts.Deposited(identity, amount);
        accounts.deposit(identity, amount);
        vm.assertEq(accounts.balanceOf(identity), amount, "account");
        vm.assertEq(token.balanceOf(address(accounts)), amount, "held");
    }

    function test_refuses_nothing_and_nobody() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.ZeroAmount.selector));
        accounts.deposit(alice.addr, 0);
        vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.InvalidIdentity.selector));
        accounts.deposit(address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IPaymentAccounts.AmountTooLarge.selector));
        accounts.deposit(alice.addr, uint256(type(uint128).max) + 1);
    }

    /// An account shares its slot with the registered value: neither ever runs into the other.
    function testFuzz_deposits_clearings_and_withdrawals_leave_the_registered_value_alone(uint256 amount) public {
        amount = bound(amount, 1 ether, token.balanceOf(address(this)) - FEE);
        register(alice);
        accounts.deposit(alice.addr, amount);
        for (uint256 serial = 1; serial < 3; ++serial) {
            Promise memory promise_ = promiseOf(alice, serial, bob, 1 ether / 2);
            bytes memory byIssuer = signPromise(alice, accounts, promise_);
            bring(accounts, promise_, byIssuer, signClearing(bob, accounts, promise_, false), false);
            amount -= 1 ether / 2;
            vm.assertEq(accounts.balanceOf(alice.addr), amount, "after clearing");
            if (amount == 0) return;
            bytes memory signature =
                signWithdrawal(alice, accounts, address(0xCAFE), amount, serial - 1, block.timestamp);
            accounts.announceWithdrawal(alice.addr, address(0xCAFE), amount, serial - 1, block.timestamp, signature);
            vm.warp(block.timestamp + NOTICE);
            accounts.executeWithdrawal(alice.addr);
            vm.assertEq(accounts.balanceOf(alice.addr), 0, "after withdrawal");
            amount = bound(amount, 1 ether, token.balanceOf(address(this)));
            accounts.deposit(alice.addr, amount);
            vm.assertEq(accounts.balanceOf(alice.addr), amount, "after deposit");
            Promise memory large = promiseOf(alice, 9, bob, LIMIT + 1);
            byIssuer = signPromise(alice, accounts, large);
            bytes memory data = clearCall(large, byIssuer, signClearing(bob, accounts, large, true), true);
            (, bytes memory reason) = address(accounts).call(data);
            bytes memory tooLarge = abi.encodeWithSelector(IPaymentAccounts.AmountAboveLimit.selector, LIMIT + 1, LIMIT);
            vm.assertEq(keccak256(reason), keccak256(tooLarge), "the limit stays");
        }
    }

    function test_without_an_allowance_nothing_is_credited() public {
        vm.expectRevert(
            abi.encodeWithSignature(
                "ERC20InsufficientAllowance(address,uint256,uint256)", address(accounts), uint256(0), uint256(1 ether)
            )
        );
        vm.prank(payer.addr);
        accounts.deposit(alice.addr, 1 ether);
        vm.assertEq(accounts.balanceOf(alice.addr), 0, "account");
    }

    function test_with_a_permit_one_transaction_is_enough() public {
        (uint8 v, bytes32 r, bytes32 s) = permit(4 ether);
        vm.prank(payer.addr);
        accounts.depositWithPermit(alice.addr, 4 ether, block.timestamp, v, r, s);
        vm.assertEq(accounts.balanceOf(alice.addr), 4 ether, "account");
        vm.assertEq(token.balanceOf(payer.addr), 6 ether, "payer");
    }

    function test_a_permit_that_somebody_used_first_does_no_harm() public {
        (uint8 v, bytes32 r, bytes32 s) = permit(4 ether);
        token.permit(payer.addr, address(accounts), 4 ether, block.timestamp, v, r, s);
        vm.prank(payer.addr);
        accounts.depositWithPermit(alice.addr, 4 ether, block.timestamp, v, r, s);
        vm.assertEq(accounts.balanceOf(alice.addr), 4 ether, "account");
    }

    function test_another_s_permit_takes_nothing() public {
        (uint8 v, bytes32 r, bytes32 s) = permit(4 ether);
        vm.expectRevert(
            abi.encodeWithSignature(
                "ERC20InsufficientAllowance(address,uint256,uint256)", address(accounts), uint256(0), uint256(4 ether)
            )
        );
        vm.prank(address(0xBAD));
        accounts.depositWithPermit(address(0xBAD), 4 ether, block.timestamp, v, r, s);
    }

    function permit(uint256 amount) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash =
            keccak256(abi.encode(typeHash, payer.addr, address(accounts), amount, uint256(0), block.timestamp));
        return vm.sign(payer.privateKey, digestOf(token, structHash));
    }
}
