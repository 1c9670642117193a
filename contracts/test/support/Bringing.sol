// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {Promise, Signing} from "./Signing.sol";

/// Promises and signatures in the words in which the contract takes them.
abstract contract Bringing is Signing {
    /// One call and nothing else, so that what comes before it (`prank`, `expectRevert`) is about the contract.
    function bring(
        IPaymentAccounts accounts,
        Promise memory p,
        bytes memory byIssuer,
        bytes memory byBenefiter,
        bool acceptLess
    ) internal {
        succeed(accounts, clearCall(p, byIssuer, byBenefiter, acceptLess));
    }

    function bringMany(
        IPaymentAccounts accounts,
        address benefiter,
        Promise[] memory promises,
        bytes[] memory byIssuers,
        bytes memory byBenefiter,
        bool acceptLess
    ) internal {
        succeed(accounts, clearManyCall(benefiter, promises, byIssuers, byBenefiter, acceptLess));
    }

    function clearCall(Promise memory p, bytes memory byIssuer, bytes memory byBenefiter, bool acceptLess)
        internal
        pure
        returns (bytes memory)
    {
        (bytes32[2] memory issuerRs, bytes1 issuerV) = partsOf(byIssuer);
        (bytes32[2] memory benefiterRs, bytes1 benefiterV) = partsOf(byBenefiter);
        bytes32 terms = bytes32(abi.encodePacked(p.benefiter, issuerV, benefiterV, acceptLess, bytes9(0)));
        return abi.encodeCall(
            IPaymentAccounts.clear, (identityWith(p.issuer, p.amount), terms, p.serial, issuerRs, benefiterRs)
        );
    }

    function clearManyCall(
        address benefiter,
        Promise[] memory promises,
        bytes[] memory byIssuers,
        bytes memory byBenefiter,
        bool acceptLess
    ) internal pure returns (bytes memory) {
        IPaymentAccounts.Claim[] memory claims = new IPaymentAccounts.Claim[](promises.length);
        for (uint256 i = 0; i < promises.length; ++i) {
            claims[i] = claimOf(promises[i], byIssuers[i]);
        }
        return abi.encodeCall(IPaymentAccounts.clearMany, (benefiter, claims, byBenefiter, acceptLess));
    }

    function succeed(IPaymentAccounts accounts, bytes memory data) private {
        (bool ok, bytes memory answer) = address(accounts).call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    function claimOf(Promise memory p, bytes memory byIssuer) internal pure returns (IPaymentAccounts.Claim memory) {
        (bytes32[2] memory rs, bytes1 v) = partsOf(byIssuer);
        return IPaymentAccounts.Claim(identityWith(p.issuer, uint96(p.amount)), p.serial, rs, v);
    }

    /// As the event has it.
    function identityWith(address identity, uint256 amount) internal pure returns (bytes32) {
        return bytes32(abi.encodePacked(identity, uint96(amount)));
    }

    /// Whatever its length: what is missing is zero.
    function partsOf(bytes memory signature) internal pure returns (bytes32[2] memory rs, bytes1 v) {
        bytes memory padded = abi.encodePacked(signature, new bytes(65));
        uint8 last;
        (rs[0], rs[1], last) = split(padded);
        v = bytes1(last);
    }
}
