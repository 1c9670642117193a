// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {IPriceFeed} from "../../src/interfaces/IPriceFeed.sol";
import {TypedData} from "../../src/libraries/TypedData.sol";
import {Network} from "../support/Network.sol";
import {Promise} from "../support/Signing.sol";

/// vectors/typed-data.json was made by another implementation; the node is held against the same file.
contract TypedDataTest is Network {
    string private json;
    bytes32 private registryDomain;
    bytes32 private accountsDomain;

    function setUp() public {
        deployNetwork();
        json = vm.readFile("vectors/typed-data.json");
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
        IERC5267 there = IERC5267(vm.parseJsonAddress(json, ".identityRegistry"));
        vm.etch(address(there), address(registry).code);
        registryDomain = domainOf(there);
        there = IERC5267(vm.parseJsonAddress(json, ".paymentAccounts"));
        vm.etch(address(there), address(accounts).code);
        accountsDomain = domainOf(there);
    }

    function test_hashes_and_signatures_are_those_of_the_vectors() public view {
        uint256 seen = 0;
        for (; vm.keyExistsJson(json, path(seen, "")); ++seen) {
            (bytes32 structHash, bytes32 digest) = this.hashesAt(seen);
            vm.assertEq(structHash, vm.parseJsonBytes32(json, path(seen, ".structHash")), path(seen, ".structHash"));
            vm.assertEq(digest, vm.parseJsonBytes32(json, path(seen, ".digest")), path(seen, ".digest"));
            address signer = vm.parseJsonAddress(json, path(seen, ".signer"));
            bytes memory signature = vm.parseJsonBytes(json, path(seen, ".signature"));
            (bytes32[2] memory rs, bytes1 v) = partsOf(signature);
            vm.assertTrue(this.isSignedBy(signer, digest, signature, v, rs), path(seen, ".signature"));
            vm.assertTrue(!this.isSignedBy(address(this), digest, signature, v, rs), "by nobody else");
        }
        vm.assertEq(seen, 13, "vectors seen");
    }

    /// The library reads calldata. Both ways to hand it a signature come to the same.
    function isSignedBy(address signer, bytes32 digest, bytes calldata signature, bytes1 v, bytes32[2] calldata rs)
        external
        view
        returns (bool signed)
    {
        signed = TypedData.isSignedBy(signer, digest, signature);
        vm.assertTrue(signed == TypedData.isSignedBy(signer, digest, v, rs), "both ways");
    }

    function testFuzz_both_ways_agree_on_every_signature(
        address signer,
        bytes32 digest,
        bytes32[2] calldata rs,
        uint8 v
    ) public view {
        this.isSignedBy(signer, digest, abi.encodePacked(rs[0], rs[1], v), bytes1(v), rs);
        address recovered = ecrecover(digest, 27 + v % 2, rs[0], rs[1]);
        v = 27 + v % 2;
        this.isSignedBy(recovered, digest, abi.encodePacked(rs[0], rs[1], v), bytes1(v), rs);
    }

    /// Whoever it is that such a signature is by: up to half of the curve's order s is low.
    function test_s_is_low_up_to_half_of_the_order() public view {
        uint256 half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
        bytes32 digest = keccak256("anything");
        (bytes32[2] memory rs,) = partsOf(vm.parseJsonBytes(json, path(0, ".signature")));
        bytes1 v = bytes1(uint8(27));
        for (uint256 s = half - 1; s <= half + 1; ++s) {
            rs[1] = bytes32(s);
            address signer = ecrecover(digest, 27, rs[0], rs[1]);
            vm.assertTrue(signer != address(0), "by somebody");
            bool signed = this.isSignedBy(signer, digest, abi.encodePacked(rs[0], rs[1], v), v, rs);
            vm.assertTrue(signed == (s <= half), "low s");
        }
    }

    function hashPromises(IPaymentAccounts.Claim[] calldata claims, address benefiter)
        external
        pure
        returns (bytes32[] memory)
    {
        return TypedData.hashPromises(claims, benefiter);
    }

    function hashesAt(uint256 i) external view returns (bytes32 structHash, bytes32 digest) {
        bytes32 kind = keccak256(bytes(vm.parseJsonString(json, path(i, ".kind"))));
        if (kind == keccak256("promise") || kind == keccak256("clearing")) {
            Promise memory p = promiseAt(path(i, ".value"));
            bool acceptLess = kind == keccak256("clearing") && vm.parseJsonBool(json, path(i, ".value.acceptLess"));
            (bytes32 ofPromise, bytes32 ofClearing) =
                TypedData.digestsOfClearing(accountsDomain, p.issuer, p.serial, p.benefiter, p.amount, acceptLess);
            // The library goes straight to the digest, which is of nothing else than this struct hash.
            return
                (
                    vm.parseJsonBytes32(json, path(i, ".structHash")),
                    kind == keccak256("promise") ? ofPromise : ofClearing
                );
        }
        if (kind == keccak256("clearing-batch")) structHash = batchAt(i);
        else if (kind == keccak256("registration")) structHash = registrationAt(i);
        else structHash = withdrawalAt(i, kind);
        bytes32 domain = kind == keccak256("registration") ? registryDomain : accountsDomain;
        digest = MessageHashUtils.toTypedDataHash(domain, structHash);
    }

    function batchAt(uint256 i) private view returns (bytes32) {
        uint256 count = 0;
        while (vm.keyExistsJson(json, promisePath(i, count))) ++count;
        IPaymentAccounts.Claim[] memory claims = new IPaymentAccounts.Claim[](count);
        for (uint256 n = 0; n < count; ++n) {
            claims[n] = claimOf(promiseAt(promisePath(i, n)), "");
        }
        bytes32[] memory hashes = this.hashPromises(claims, vm.parseJsonAddress(json, path(i, ".signer")));
        return TypedData.hashClearingBatch(hashes, vm.parseJsonBool(json, path(i, ".value.acceptLess")));
    }

    function registrationAt(uint256 i) private view returns (bytes32) {
        return TypedData.hashRegistration(
            vm.parseJsonAddress(json, path(i, ".value.identity")),
            vm.parseJsonAddress(json, path(i, ".value.payer")),
            vm.parseJsonUint(json, path(i, ".value.maxFee")),
            vm.parseJsonUint(json, path(i, ".value.nonce")),
            vm.parseJsonUint(json, path(i, ".value.deadline"))
        );
    }

    function withdrawalAt(uint256 i, bytes32 kind) private view returns (bytes32) {
        vm.assertEq(kind, keccak256("withdrawal"), "a kind that this test knows");
        return TypedData.hashWithdrawal(
            vm.parseJsonAddress(json, path(i, ".value.identity")),
            vm.parseJsonAddress(json, path(i, ".value.to")),
            vm.parseJsonUint(json, path(i, ".value.amount")),
            vm.parseJsonUint(json, path(i, ".value.nonce")),
            vm.parseJsonUint(json, path(i, ".value.deadline"))
        );
    }

    function promiseAt(string memory at_) private view returns (Promise memory) {
        return Promise({
            issuer: vm.parseJsonAddress(json, string.concat(at_, ".issuer")),
            serial: vm.parseJsonUint(json, string.concat(at_, ".serial")),
            benefiter: vm.parseJsonAddress(json, string.concat(at_, ".benefiter")),
            amount: vm.parseJsonUint(json, string.concat(at_, ".amount"))
        });
    }

    function promisePath(uint256 i, uint256 n) private pure returns (string memory) {
        return string.concat(path(i, ".value.promises["), Strings.toString(n), "]");
    }

    function path(uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(".vectors[", Strings.toString(i), "]", field);
    }
}
