// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Network} from "../support/Network.sol";
import {Promise} from "../support/Signing.sol";
import {Vm} from "../support/Test.sol";

/// What whole transactions cost, written down in snapshots/gas.json: `forge test` fails when one costs something else
/// (foundry.toml). `FORGE_SNAPSHOT_CHECK=false forge test --match-contract GasTest` writes the file anew.
/// forge-config: default.isolate = true
contract GasTest is Network {
    uint256 private constant SERIAL = 1_800_000_000;
    uint256 private constant AMOUNT = 2.345678901234567891 ether;
    uint256 private constant BATCH = 100;
    Vm.Wallet[] private issuers;

    /// Everybody has been paid and has paid before.
    function setUp() public {
        deployNetwork();
        for (uint256 i = 0; i < BATCH; ++i) {
            issuers.push(vm.createWallet(uint256(keccak256(abi.encode("issuer", i)))));
            register(issuers[i]);
            accounts.deposit(issuers[i].addr, 50 ether);
        }
        accounts.deposit(bob.addr, 1 ether);
        batch(SERIAL, false);
    }

    function test_clear() public {
        clear(issuers[0], SERIAL + 1, AMOUNT, false);
        vm.assertLe(cost("clear"), 54_000, "a steady clearing");
    }

    function test_clear_for_the_first_time() public {
        register(alice);
        accounts.deposit(alice.addr, 50 ether);
        clear(alice, SERIAL, AMOUNT, false);
        cost("clear, first of a pair");
    }

    function test_clear_accepting_less() public {
        for (uint256 i = 1; i < 15; ++i) {
            clear(issuers[0], SERIAL + i, 3.5 ether, true);
        }
        cost("clear, accepting less");
    }

    function test_clear_many() public {
        batch(SERIAL + 1, false);
        vm.assertLe(cost("clearMany of 100") / BATCH, 18_500, "each of a steady batch");
    }

    function test_clear_many_of_which_none_can_be() public {
        batch(SERIAL, false);
        cost("clearMany of 100, all refused");
    }

    function test_deposit() public {
        accounts.deposit(issuers[0].addr, 1 ether);
        cost("deposit");
    }

    function test_register() public {
        register(alice);
        cost("register");
    }

    function test_withdraw() public {
        bytes memory signature = signWithdrawal(bob, accounts, address(0xCAFE), 1 ether, 0, block.timestamp);
        accounts.announceWithdrawal(bob.addr, address(0xCAFE), 1 ether, 0, block.timestamp, signature);
        cost("announceWithdrawal");
        vm.warp(block.timestamp + NOTICE);
        accounts.executeWithdrawal(bob.addr);
        cost("executeWithdrawal");
    }

    function clear(Vm.Wallet memory issuer, uint256 serial, uint256 amount, bool acceptLess) private {
        Promise memory promise_ = promiseOf(issuer, serial, bob, amount);
        bytes memory byIssuer = signPromise(issuer, accounts, promise_);
        bring(accounts, promise_, byIssuer, signClearing(bob, accounts, promise_, acceptLess), acceptLess);
    }

    function batch(uint256 serial, bool acceptLess) private {
        Promise[] memory promises = new Promise[](BATCH);
        bytes[] memory byIssuers = new bytes[](BATCH);
        for (uint256 i = 0; i < BATCH; ++i) {
            promises[i] = promiseOf(issuers[i], serial, bob, AMOUNT);
            byIssuers[i] = signPromise(issuers[i], accounts, promises[i]);
        }
        bringMany(accounts, bob.addr, promises, byIssuers, signBatch(bob, accounts, promises, acceptLess), acceptLess);
    }

    function cost(string memory what) private returns (uint256) {
        return vm.snapshotGasLastCall("gas", what);
    }
}
