// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IIdentityRegistry} from "../../src/interfaces/IIdentityRegistry.sol";
import {IPriceFeed} from "../../src/interfaces/IPriceFeed.sol";
import {Registry} from "../support/Deploying.sol";
import {Network} from "../support/Network.sol";
import {Vm} from "../support/Test.sol";

contract IdentityRegistryTest is Network {
    function setUp() public {
        deployNetwork();
    }

    function test_registers_and_forfeits_the_fee() public {
        bytes memory signature = signRegistration(alice, registry, address(this), FEE, block.timestamp);
        uint256 before = token.balanceOf(address(this));
        vm.expectEmit(address(registry));
        emit IIdentityRegistry.Registered(alice.addr, publicKeyOf(alice), FEE);
        registry.register(publicKeyOf(alice), FEE, block.timestamp, signature);
        vm.assertEq(registry.registeredValue(alice.addr), FEE, "registered value");
        vm.assertEq(token.balanceOf(TREASURY), FEE, "treasury");
        vm.assertEq(token.balanceOf(address(this)), before - FEE, "payer");
    }

    function testFuzz_identifier_is_derived_from_the_key(uint256 privateKey) public {
        Vm.Wallet memory identity = vm.createWallet(bound(privateKey, 1, type(uint128).max));
        register(identity);
        vm.assertEq(registry.registeredValue(identity.addr), FEE, "registered");
    }

    function test_registers_once() public {
        register(alice);
        bytes memory signature = signRegistration(alice, registry, address(this), FEE, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.AlreadyRegistered.selector, alice.addr));
        registry.register(publicKeyOf(alice), FEE, block.timestamp, signature);
    }

    function test_takes_no_more_than_the_identity_agreed_to() public {
        bytes memory signature = signRegistration(alice, registry, address(this), FEE - 1, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.FeeAboveMaximum.selector, FEE, FEE - 1));
        registry.register(publicKeyOf(alice), FEE - 1, block.timestamp, signature);
        refused(alice, signature, FEE, block.timestamp);
    }

    function test_takes_only_the_fee_when_more_was_agreed_to() public {
        bytes memory signature = signRegistration(alice, registry, address(this), FEE * 2, block.timestamp);
        registry.register(publicKeyOf(alice), FEE * 2, block.timestamp, signature);
        vm.assertEq(token.balanceOf(TREASURY), FEE, "treasury");
    }

    function test_refuses_after_the_deadline() public {
        uint256 deadline = block.timestamp + 60;
        bytes memory signature = signRegistration(alice, registry, address(this), FEE, deadline);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.DeadlinePassed.selector, deadline));
        registry.register(publicKeyOf(alice), FEE, deadline, signature);
        vm.warp(deadline);
        registry.register(publicKeyOf(alice), FEE, deadline, signature);
    }

    function test_refuses_a_signature_for_another_payer() public {
        refused(alice, signRegistration(alice, registry, address(0xBAD), FEE, block.timestamp), FEE, block.timestamp);
    }

    function test_refuses_another_identity_s_signature() public {
        refused(alice, signRegistration(bob, registry, address(this), FEE, block.timestamp), FEE, block.timestamp);
    }

    function test_refuses_a_signature_for_another_deployment_or_chain() public {
        Registry other = newRegistry(token, IPriceFeed(address(0)), TREASURY, FEE, 1 ether, 1000 ether);
        bytes memory elsewhere = signRegistration(alice, other, address(this), FEE, block.timestamp);
        refused(alice, elsewhere, FEE, block.timestamp);
        bytes memory here = signRegistration(alice, registry, address(this), FEE, block.timestamp);
        vm.chainId(31_338);
        refused(alice, here, FEE, block.timestamp);
    }

    function test_refuses_high_s_and_64_byte_signatures() public {
        bytes memory signature = signRegistration(alice, registry, address(this), FEE, block.timestamp);
        refused(alice, highS(signature), FEE, block.timestamp);
        refused(alice, compact(signature), FEE, block.timestamp);
        refused(alice, abi.encodePacked(signature, hex"00"), FEE, block.timestamp);
        refused(alice, "", FEE, block.timestamp);
    }

    function test_refuses_keys_that_are_not_64_bytes() public {
        bytes memory signature = signRegistration(alice, registry, address(this), FEE, block.timestamp);
        bytes memory key = abi.encodePacked(hex"04", publicKeyOf(alice));
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.InvalidPublicKey.selector));
        registry.register(key, FEE, block.timestamp, signature);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.InvalidPublicKey.selector));
        registry.register("", FEE, block.timestamp, signature);
    }

    function testFuzz_refuses_keys_that_are_nobody_s(bytes32 x, bytes32 y, bytes calldata signature) public {
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.InvalidSignature.selector));
        registry.register(abi.encodePacked(x, y), FEE, block.timestamp, signature);
    }

    function test_a_payer_without_myst_registers_nobody() public {
        address poor = address(0xB00);
        bytes memory signature = signRegistration(alice, registry, poor, FEE, block.timestamp);
        vm.prank(poor);
        token.approve(address(registry), FEE);
        vm.expectRevert(
            abi.encodeWithSignature("ERC20InsufficientBalance(address,uint256,uint256)", poor, uint256(0), FEE)
        );
        vm.prank(poor);
        registry.register(publicKeyOf(alice), FEE, block.timestamp, signature);
        vm.assertEq(registry.registeredValue(alice.addr), 0, "not registered");
    }

    function refused(Vm.Wallet memory identity, bytes memory signature, uint256 maxFee, uint256 deadline) private {
        bytes memory key = publicKeyOf(identity);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.InvalidSignature.selector));
        registry.register(key, maxFee, deadline, signature);
    }
}
