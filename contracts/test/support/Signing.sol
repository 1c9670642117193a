// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {Test, Vm} from "./Test.sol";

/// What an issuer signs (whitepaper 6.5.3).
struct Promise {
    address issuer;
    uint256 serial;
    address benefiter;
    uint256 amount;
}

/// What identities sign, written out anew from the EIP-712 standard rather than with the contracts' own library.
abstract contract Signing is Test {
    bytes internal constant PROMISE = "Promise(address issuer,uint256 serial,address benefiter,uint256 amount)";

    function signPromise(Vm.Wallet memory by, IERC5267 verifier, Promise memory p)
        internal
        view
        returns (bytes memory)
    {
        return signStruct(by, verifier, hashOf(p));
    }

    function signClearing(Vm.Wallet memory by, IERC5267 verifier, Promise memory p, bool acceptLess)
        internal
        view
        returns (bytes memory)
    {
        bytes32 typeHash =
            keccak256("Clearing(address issuer,uint256 serial,address benefiter,uint256 amount,bool acceptLess)");
        return signStruct(
            by, verifier, keccak256(abi.encode(typeHash, p.issuer, p.serial, p.benefiter, p.amount, acceptLess))
        );
    }

    function signBatch(Vm.Wallet memory by, IERC5267 verifier, Promise[] memory promises, bool acceptLess)
        internal
        view
        returns (bytes memory)
    {
        bytes32 typeHash = keccak256(abi.encodePacked("ClearingBatch(Promise[] promises,bool acceptLess)", PROMISE));
        bytes memory hashes = "";
        for (uint256 i = 0; i < promises.length; ++i) {
            hashes = abi.encodePacked(hashes, hashOf(promises[i]));
        }
        return signStruct(by, verifier, keccak256(abi.encode(typeHash, keccak256(hashes), acceptLess)));
    }

    function hashOf(Promise memory p) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(PROMISE), p.issuer, p.serial, p.benefiter, p.amount));
    }

    function signRegistration(Vm.Wallet memory by, IERC5267 verifier, address payer, uint256 maxFee, uint256 deadline)
        internal
        view
        returns (bytes memory)
    {
        bytes32 typeHash =
            keccak256("Registration(address identity,address payer,uint256 maxFee,uint256 nonce,uint256 deadline)");
        return signStruct(by, verifier, keccak256(abi.encode(typeHash, by.addr, payer, maxFee, uint256(0), deadline)));
    }

    function signWithdrawal(
        Vm.Wallet memory by,
        IERC5267 verifier,
        address to,
        uint256 amount,
        uint256 nonce,
        uint256 deadline
    ) internal view returns (bytes memory) {
        bytes32 typeHash = keccak256(
            "Withdrawal(address identity,address to,uint256 amount,uint256 nonce,uint256 deadline)"
        );
        return signStruct(by, verifier, keccak256(abi.encode(typeHash, by.addr, to, amount, nonce, deadline)));
    }

    function signStruct(Vm.Wallet memory by, IERC5267 verifier, bytes32 structHash)
        internal
        view
        returns (bytes memory)
    {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(by.privateKey, digestOf(verifier, structHash));
        return abi.encodePacked(r, s, v);
    }

    function digestOf(IERC5267 verifier, bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainOf(verifier), structHash));
    }

    function domainOf(IERC5267 verifier) internal view returns (bytes32) {
        (, string memory name, string memory version,,,,) = verifier.eip712Domain();
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                block.chainid,
                address(verifier)
            )
        );
    }

    /// The same signature with the other s: valid mathematically, refused by the contracts.
    function highS(bytes memory signature) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s, uint8 v) = split(signature);
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        return abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));
    }

    /// ERC-2098: the same signature in 64 bytes.
    function compact(bytes memory signature) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s, uint8 v) = split(signature);
        return abi.encodePacked(r, uint256(s) | (uint256(v - 27) << 255));
    }

    function split(bytes memory signature) internal pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
    }
}
