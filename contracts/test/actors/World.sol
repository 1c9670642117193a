// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IdentityRegistry} from "../../src/IdentityRegistry.sol";
import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {MystToken} from "../../src/MystToken.sol";
import {PaymentAccounts} from "../../src/PaymentAccounts.sol";
import {Network} from "../support/Network.sol";
import {Vm} from "../support/Test.sol";

/// A network with five identities, and books that are kept from the contract's events alone.
contract World is Network {
    uint256 public constant IDENTITIES = 5;

    mapping(address identity => uint256) public booked;
    mapping(address issuer => mapping(address benefiter => uint256)) public bookedSerial;
    mapping(address issuer => mapping(address benefiter => mapping(uint256 serial => uint256))) public timesCleared;
    mapping(address identity => uint256) public payableFrom;
    /// MYST sent to the contract by hand, which is nobody's.
    uint256 public stray;
    uint256 public deposits;
    uint256 public clearings;
    uint256 public failedClearings;
    uint256 public withdrawals;

    Vm.Wallet[] private _identities;

    /// The network's own account is one of them; dave is not registered.
    constructor() {
        deployNetwork();
        _identities.push(networkAccount);
        _identities.push(alice);
        _identities.push(bob);
        _identities.push(vm.createWallet(uint256(keccak256("carol"))));
        _identities.push(vm.createWallet(uint256(keccak256("dave"))));
        for (uint256 i = 0; i < IDENTITIES - 1; ++i) {
            register(_identities[i]);
        }
    }

    function contracts() external view returns (MystToken, IdentityRegistry, PaymentAccounts) {
        return (token, registry, accounts);
    }

    /// Any number as an identity.
    function identity(uint256 seed) external view returns (Vm.Wallet memory) {
        return _identities[seed % IDENTITIES];
    }

    function give(address to, uint256 amount) external {
        token.transfer(to, amount);
    }

    function noteStray(uint256 amount) external {
        stray += amount;
    }

    /// Actors call this before they call the contract, and `keepBooks` after it.
    function watch() external {
        vm.recordLogs();
    }

    function keepBooks() external {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(accounts)) book(logs[i]);
        }
    }

    function book(Vm.Log memory log) private {
        address first = address(uint160(uint256(log.topics[1])));
        bytes32 what = log.topics[0];
        if (what == IPaymentAccounts.Deposited.selector) {
            booked[first] += abi.decode(log.data, (uint256));
            ++deposits;
        } else if (what == IPaymentAccounts.Cleared.selector) {
            bookClearing(first, address(uint160(uint256(log.topics[2]))), log.data);
        } else if (what == IPaymentAccounts.ClearFailed.selector) {
            ++failedClearings;
        } else if (what == IPaymentAccounts.WithdrawalAnnounced.selector) {
            payableFrom[first] = block.timestamp + NOTICE;
        } else {
            vm.assertEq(what, IPaymentAccounts.Withdrawn.selector, "an event that the books know");
            (, uint256 amount) = abi.decode(log.data, (address, uint256));
            vm.assertTrue(payableFrom[first] != 0, "announced before it was paid");
            vm.assertLe(payableFrom[first], block.timestamp, "paid after its notice");
            payableFrom[first] = 0;
            booked[first] -= amount;
            ++withdrawals;
        }
    }

    function bookClearing(address issuer, address benefiter, bytes memory data) private {
        (uint256 serial, uint256 amount, uint256 fee) = abi.decode(data, (uint256, uint256, uint256));
        vm.assertTrue(serial > bookedSerial[issuer][benefiter], "the serial rose");
        vm.assertLe(amount, registry.registeredValue(issuer) / 2, "at most half of the registered value");
        vm.assertEq(fee, amount * FEE_BPS / 10_000, "the network's fee");
        bookedSerial[issuer][benefiter] = serial;
        ++timesCleared[issuer][benefiter][serial];
        booked[issuer] -= amount;
        booked[benefiter] += amount - fee;
        booked[networkAccount.addr] += fee;
        ++clearings;
    }
}
