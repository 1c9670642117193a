// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {Accounts, Registry, Token} from "../support/Deploying.sol";
import {Network} from "../support/Network.sol";
import {Promise} from "../support/Signing.sol";
import {Vm} from "../support/Test.sol";

/// A network with five identities, and books that are kept from the contract's events alone.
contract World is Network {
    uint256 public constant IDENTITIES = 5;

    mapping(address identity => uint256) public booked;
    mapping(address issuer => mapping(address benefiter => uint256)) public bookedSerial;
    mapping(address issuer => mapping(address benefiter => mapping(uint256 serial => uint256))) public timesCleared;
    mapping(address identity => uint256) public payableFrom;
    /// The most that an issuer has signed away under a serial.
    mapping(address issuer => mapping(address benefiter => mapping(uint256 serial => uint256))) public signedAway;
    mapping(address identity => uint256) private _held;
    mapping(address identity => bool) private _mayFall;
    bytes[] private _brought;
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

    function contracts() external view returns (Token, Registry, Accounts) {
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

    /// Actors who really have the issuer's key call this.
    function noteSigned(Promise calldata p) external {
        uint256 before = signedAway[p.issuer][p.benefiter][p.serial];
        if (p.amount > before) signedAway[p.issuer][p.benefiter][p.serial] = p.amount;
    }

    /// A transaction that went through, for who would like to send it again.
    function noteBrought(bytes calldata data) external {
        _brought.push(data);
    }

    function brought(uint256 which) external view returns (bytes memory) {
        return _brought.length == 0 ? bytes("") : _brought[which % _brought.length];
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
        for (uint256 i = 0; i < IDENTITIES; ++i) {
            address one = _identities[i].addr;
            uint256 balance = accounts.balanceOf(one);
            vm.assertTrue(balance >= _held[one] || _mayFall[one], "no balance falls without its owner's signature");
            (_held[one], _mayFall[one]) = (balance, false);
        }
    }

    function book(Vm.Log memory log) private {
        bytes32 what = log.topics[0];
        if (what == IPaymentAccounts.Cleared.selector) return bookClearing(log.data);
        address first = address(uint160(uint256(log.topics[1])));
        if (what == IPaymentAccounts.Deposited.selector) {
            booked[first] += abi.decode(log.data, (uint256));
            ++deposits;
        } else if (what == IPaymentAccounts.ClearFailed.selector) {
            ++failedClearings;
        } else if (what == IPaymentAccounts.WithdrawalAnnounced.selector) {
            payableFrom[first] = block.timestamp + NOTICE;
        } else {
            vm.assertEq(what, IPaymentAccounts.Withdrawn.selector, "an event that the books know");
            (, uint256 amount) = abi.decode(log.data, (address, uint256));
            vm.assertTrue(payableFrom[first] != 0, "announced before it was paid");
            vm.assertLe(payableFrom[first], block.timestamp, "paid after its notice");
            (payableFrom[first], _mayFall[first]) = (0, true);
            booked[first] -= amount;
            ++withdrawals;
        }
    }

    function bookClearing(bytes memory data) private {
        (bytes32 paying, bytes32 paid, uint256 serial) = abi.decode(data, (bytes32, bytes32, uint256));
        (address issuer, uint256 amount) = (address(bytes20(paying)), uint96(uint256(paying)));
        (address benefiter, uint256 fee) = (address(bytes20(paid)), uint96(uint256(paid)));
        vm.assertTrue(serial > bookedSerial[issuer][benefiter], "the serial rose");
        vm.assertTrue(signedAway[issuer][benefiter][serial] > 0, "its issuer has signed it");
        vm.assertLe(amount, signedAway[issuer][benefiter][serial], "no more than its issuer has signed");
        vm.assertLe(amount, registry.registeredValue(issuer) / 2, "at most half of the registered value");
        vm.assertEq(fee, amount * FEE_BPS / 10_000, "the network's fee");
        bookedSerial[issuer][benefiter] = serial;
        ++timesCleared[issuer][benefiter][serial];
        booked[issuer] -= amount;
        booked[benefiter] += amount - fee;
        booked[networkAccount.addr] += fee;
        _mayFall[issuer] = true;
        ++clearings;
    }
}
