// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IPaymentAccounts} from "../interfaces/IPaymentAccounts.sol";

/// @title EIP-712 struct hashes of everything an identity signs for the contracts, and the check of its signatures
/// @notice vectors/typed-data.json holds these against another implementation. What every clearing needs is written in
/// assembly, which halves what it costs beside the curve and the storage.
library TypedData {
    bytes32 internal constant REGISTRATION =
        keccak256("Registration(address identity,address payer,uint256 maxFee,uint256 nonce,uint256 deadline)");
    bytes32 internal constant PROMISE =
        keccak256("Promise(address issuer,uint256 serial,address benefiter,uint256 amount)");
    /// Not the promise's type: an issuer's signature must never serve as the benefiter's, and nobody but the
    /// benefiter decides whether less is accepted.
    bytes32 internal constant CLEARING =
        keccak256("Clearing(address issuer,uint256 serial,address benefiter,uint256 amount,bool acceptLess)");
    /// A type of its own again: what was signed for one promise serves in no batch, and the other way round.
    bytes32 internal constant CLEARING_BATCH = keccak256(
        "ClearingBatch(Promise[] promises,bool acceptLess)Promise(address issuer,uint256 serial,address benefiter,uint256 amount)"
    );
    bytes32 internal constant WITHDRAWAL =
        keccak256("Withdrawal(address identity,address to,uint256 amount,uint256 nonce,uint256 deadline)");
    /// Of the two s that every signature can be written with, the one up to half of the curve's order is taken.
    uint256 private constant ABOVE_LOW_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1;

    function hashRegistration(address identity, address payer, uint256 maxFee, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(REGISTRATION, identity, payer, maxFee, nonce, deadline));
    }

    /// What issuer and benefiter sign, both at once, because they differ in the first and in the last word only.
    function digestsOfClearing(
        bytes32 domain,
        address issuer,
        uint256 serial,
        address benefiter,
        uint256 amount,
        bool acceptLess
    ) internal pure returns (bytes32 promiseDigest, bytes32 clearingDigest) {
        (bytes32 promiseType, bytes32 clearingType) = (PROMISE, CLEARING);
        assembly ("memory-safe") {
            let words := mload(0x40) // free memory, used and left
            mstore(words, promiseType)
            mstore(add(words, 0x20), issuer)
            mstore(add(words, 0x40), serial)
            mstore(add(words, 0x60), benefiter)
            mstore(add(words, 0x80), amount)
            promiseDigest := keccak256(words, 0xa0)
            mstore(words, clearingType)
            mstore(add(words, 0xa0), acceptLess)
            clearingDigest := keccak256(words, 0xc0)
            mstore(words, hex"1901")
            mstore(add(words, 0x02), domain)
            mstore(add(words, 0x22), promiseDigest)
            promiseDigest := keccak256(words, 0x42)
            mstore(add(words, 0x22), clearingDigest)
            clearingDigest := keccak256(words, 0x42)
        }
    }

    /// The promises of a batch, which all have the same benefiter.
    function hashPromises(IPaymentAccounts.Claim[] calldata claims, address benefiter)
        internal
        pure
        returns (bytes32[] memory hashes)
    {
        hashes = new bytes32[](claims.length);
        bytes32 promiseType = PROMISE;
        assembly ("memory-safe") {
            let words := mload(0x40) // behind `hashes`, used and left
            mstore(words, promiseType)
            mstore(add(words, 0x60), benefiter)
            let claim := claims.offset
            let end := add(add(hashes, 0x20), shl(5, claims.length))
            for { let hash := add(hashes, 0x20) } lt(hash, end) { hash := add(hash, 0x20) } {
                let issuerAndAmount := calldataload(claim)
                mstore(add(words, 0x20), shr(96, issuerAndAmount))
                mstore(add(words, 0x40), calldataload(add(claim, 0x20))) // serial
                mstore(add(words, 0x80), and(issuerAndAmount, 0xffffffffffffffffffffffff))
                mstore(hash, keccak256(words, 0xa0))
                claim := add(claim, 0xa0)
            }
        }
    }

    function hashClearingBatch(bytes32[] memory promiseHashes, bool acceptLess) internal pure returns (bytes32) {
        bytes32 together;
        assembly ("memory-safe") {
            together := keccak256(add(promiseHashes, 0x20), shl(5, mload(promiseHashes)))
        }
        return keccak256(abi.encode(CLEARING_BATCH, together, acceptLess));
    }

    function hashWithdrawal(address identity, address to, uint256 amount, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(WITHDRAWAL, identity, to, amount, nonce, deadline));
    }

    /// Whether `signature` is by `signer`: 65 bytes, low s, v 27 or 28. Never reverts, never true for address zero.
    function isSignedBy(address signer, bytes32 digest, bytes calldata signature) internal pure returns (bool) {
        (address recovered, ECDSA.RecoverError err,) = ECDSA.tryRecoverCalldata(digest, signature);
        return err == ECDSA.RecoverError.NoError && recovered == signer;
    }

    /// The same of a signature that came as its parts.
    function isSignedBy(address signer, bytes32 digest, bytes1 v, bytes32[2] calldata rs)
        internal
        view
        returns (bool signed)
    {
        uint256 aboveLowS = ABOVE_LOW_S;
        assembly ("memory-safe") {
            let words := mload(0x40) // free memory, used and left
            mstore(words, digest)
            mstore(add(words, 0x20), byte(0, v))
            calldatacopy(add(words, 0x40), rs, 0x40)
            // Where nobody is recovered the precompile writes nothing, and what stands here is no address.
            mstore(0x00, not(0))
            pop(staticcall(gas(), 0x01, words, 0x80, 0x00, 0x20))
            signed := and(eq(mload(0x00), signer), lt(calldataload(add(rs, 0x20)), aboveLowS))
        }
    }
}
