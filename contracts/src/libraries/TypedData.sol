// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IPaymentAccounts} from "../interfaces/IPaymentAccounts.sol";

/// @title EIP-712 struct hashes of everything an identity signs for the contracts
/// @notice vectors/typed-data.json holds these against another implementation.
library TypedData {
    bytes32 internal constant REGISTRATION =
        keccak256("Registration(address identity,address payer,uint256 maxFee,uint256 nonce,uint256 deadline)");
    bytes32 internal constant PROMISE =
        keccak256("Promise(address issuer,uint256 serial,address benefiter,uint256 amount)");
    /// Not the promise's type: an issuer's signature must never serve as the benefiter's, and nobody but the
    /// benefiter decides whether less is accepted.
    bytes32 internal constant CLEARING =
        keccak256("Clearing(address issuer,uint256 serial,address benefiter,uint256 amount,bool acceptLess)");
    bytes32 internal constant WITHDRAWAL =
        keccak256("Withdrawal(address identity,address to,uint256 amount,uint256 nonce,uint256 deadline)");

    function hashRegistration(address identity, address payer, uint256 maxFee, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(REGISTRATION, identity, payer, maxFee, nonce, deadline));
    }

    function hashPromise(IPaymentAccounts.Promise memory promise_) internal pure returns (bytes32) {
        return keccak256(abi.encode(PROMISE, promise_.issuer, promise_.serial, promise_.benefiter, promise_.amount));
    }

    function hashClearing(IPaymentAccounts.Promise memory promise_, bool acceptLess) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(CLEARING, promise_.issuer, promise_.serial, promise_.benefiter, promise_.amount, acceptLess)
        );
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
}
