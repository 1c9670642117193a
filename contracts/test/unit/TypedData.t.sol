// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {TypedData} from "../../src/libraries/TypedData.sol";
import {Network} from "../support/Network.sol";

/// vectors/typed-data.json was made by another implementation; the node is held against the same file.
contract TypedDataTest is Network {
    string private json;

    function setUp() public {
        deployNetwork();
        json = vm.readFile("vectors/typed-data.json");
    }

    function test_hashes_and_signatures_are_those_of_the_vectors() public {
        // The deployed code as it would stand at the vectors' addresses on the vectors' chain.
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
        IERC5267 registryThere = IERC5267(vm.parseJsonAddress(json, ".identityRegistry"));
        IERC5267 accountsThere = IERC5267(vm.parseJsonAddress(json, ".paymentAccounts"));
        vm.etch(address(registryThere), address(registry).code);
        vm.etch(address(accountsThere), address(accounts).code);
        uint256 seen = 0;
        for (; vm.keyExistsJson(json, path(seen, "")); ++seen) {
            bytes32 kind = keccak256(bytes(vm.parseJsonString(json, path(seen, ".kind"))));
            bytes32 structHash = hashOf(seen, kind);
            bytes32 digest = digestOf(kind == keccak256("registration") ? registryThere : accountsThere, structHash);
            vm.assertEq(structHash, vm.parseJsonBytes32(json, path(seen, ".structHash")), path(seen, ".structHash"));
            vm.assertEq(digest, vm.parseJsonBytes32(json, path(seen, ".digest")), path(seen, ".digest"));
            address signer = vm.parseJsonAddress(json, path(seen, ".signer"));
            bytes memory signature = vm.parseJsonBytes(json, path(seen, ".signature"));
            vm.assertTrue(this.isSignedBy(signer, digest, signature), path(seen, ".signature"));
        }
        vm.assertEq(seen, 10, "vectors seen");
    }

    /// `TypedData.isSignedBy` reads calldata.
    function isSignedBy(address signer, bytes32 digest, bytes calldata signature) external pure returns (bool) {
        return TypedData.isSignedBy(signer, digest, signature);
    }

    function hashOf(uint256 i, bytes32 kind) private view returns (bytes32) {
        if (kind == keccak256("promise")) return TypedData.hashPromise(promiseAt(i));
        if (kind == keccak256("clearing")) {
            return TypedData.hashClearing(promiseAt(i), vm.parseJsonBool(json, path(i, ".value.acceptLess")));
        }
        address identity = vm.parseJsonAddress(json, path(i, ".value.identity"));
        uint256 nonce = vm.parseJsonUint(json, path(i, ".value.nonce"));
        uint256 deadline = vm.parseJsonUint(json, path(i, ".value.deadline"));
        if (kind == keccak256("registration")) {
            address payer = vm.parseJsonAddress(json, path(i, ".value.payer"));
            uint256 maxFee = vm.parseJsonUint(json, path(i, ".value.maxFee"));
            return TypedData.hashRegistration(identity, payer, maxFee, nonce, deadline);
        }
        vm.assertEq(kind, keccak256("withdrawal"), "a kind that this test knows");
        address to = vm.parseJsonAddress(json, path(i, ".value.to"));
        uint256 amount = vm.parseJsonUint(json, path(i, ".value.amount"));
        return TypedData.hashWithdrawal(identity, to, amount, nonce, deadline);
    }

    function promiseAt(uint256 i) private view returns (IPaymentAccounts.Promise memory) {
        return IPaymentAccounts.Promise({
            issuer: vm.parseJsonAddress(json, path(i, ".value.issuer")),
            serial: vm.parseJsonUint(json, path(i, ".value.serial")),
            benefiter: vm.parseJsonAddress(json, path(i, ".value.benefiter")),
            amount: vm.parseJsonUint(json, path(i, ".value.amount"))
        });
    }

    function path(uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(".vectors[", Strings.toString(i), "]", field);
    }
}
