// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPriceFeed} from "../../src/interfaces/IPriceFeed.sol";
import {Bringing} from "./Bringing.sol";
import {Accounts, Deploying, Registry, Token} from "./Deploying.sol";
import {Promise} from "./Signing.sol";
import {Vm} from "./Test.sol";

/// All contracts of a network, deployed as on a real one; this contract holds the MYST and pays for everybody.
abstract contract Network is Bringing, Deploying {
    uint256 internal constant FEE = 10 ether;
    uint256 internal constant LIMIT = FEE / 2;
    uint256 internal constant FEE_BPS = 100;
    uint256 internal constant NOTICE = 3 days;
    address internal constant TREASURY = address(0x7EA5);

    Token internal token;
    Registry internal registry;
    Accounts internal accounts;
    Vm.Wallet internal networkAccount;
    Vm.Wallet internal alice;
    Vm.Wallet internal bob;

    function deployNetwork() internal {
        vm.warp(1_800_000_000);
        networkAccount = vm.createWallet(uint256(keccak256("network")));
        alice = vm.createWallet(uint256(keccak256("alice")));
        bob = vm.createWallet(uint256(keccak256("bob")));
        token = newToken(address(this));
        registry = newRegistry(token, IPriceFeed(address(0)), TREASURY, FEE, 1 ether, 1000 ether);
        accounts = newAccounts(token, registry, networkAccount.addr, FEE_BPS, NOTICE);
        token.approve(address(registry), type(uint256).max);
        token.approve(address(accounts), type(uint256).max);
    }

    function publicKeyOf(Vm.Wallet memory identity) internal pure returns (bytes memory) {
        return abi.encodePacked(identity.publicKeyX, identity.publicKeyY);
    }

    function register(Vm.Wallet memory identity) internal {
        bytes memory signature = signRegistration(identity, registry, address(this), FEE, block.timestamp);
        registry.register(publicKeyOf(identity), FEE, block.timestamp, signature);
    }

    function promiseOf(Vm.Wallet memory issuer, uint256 serial, Vm.Wallet memory benefiter, uint256 amount)
        internal
        pure
        returns (Promise memory)
    {
        return Promise(issuer.addr, serial, benefiter.addr, amount);
    }
}
