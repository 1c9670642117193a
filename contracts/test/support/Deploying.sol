// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IIdentityRegistry} from "../../src/interfaces/IIdentityRegistry.sol";
import {IPaymentAccounts} from "../../src/interfaces/IPaymentAccounts.sol";
import {IPriceFeed} from "../../src/interfaces/IPriceFeed.sol";
import {IServiceDirectory} from "../../src/interfaces/IServiceDirectory.sol";
import {Test} from "./Test.sol";

interface Token is IERC20Metadata, IERC20Permit, IERC5267 {}

interface Registry is IIdentityRegistry, IERC5267 {}

interface Accounts is IPaymentAccounts, IERC5267 {}

/// Deploys the contracts as they are compiled for shipping, from their artifacts: tests that imported them would be
/// compiled with them the same slow way (foundry.toml).
abstract contract Deploying is Test {
    function newToken(address holder) internal returns (Token) {
        return Token(create("MystToken", abi.encode(holder)));
    }

    function newRegistry(Token token, IPriceFeed feed, address treasury, uint256 initial, uint256 min, uint256 max)
        internal
        returns (Registry)
    {
        return Registry(create("IdentityRegistry", abi.encode(token, feed, treasury, initial, min, max)));
    }

    function newAccounts(Token token, IIdentityRegistry registry, address network, uint256 feeBps, uint256 notice)
        internal
        returns (Accounts)
    {
        return Accounts(create("PaymentAccounts", abi.encode(token, registry, network, feeBps, notice)));
    }

    function newDirectory() internal returns (IServiceDirectory) {
        return IServiceDirectory(create("ServiceDirectory", ""));
    }

    function create(string memory name, bytes memory arguments) private returns (address deployed) {
        bytes memory code = abi.encodePacked(vm.getCode(string.concat(name, ".sol:", name)), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
            if iszero(deployed) {
                returndatacopy(mload(0x40), 0, returndatasize())
                revert(mload(0x40), returndatasize())
            }
        }
    }
}
