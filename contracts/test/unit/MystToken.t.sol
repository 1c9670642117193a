// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Deploying, Token} from "../support/Deploying.sol";

contract MystTokenTest is Deploying {
    function test_whole_supply_is_minted_once_to_the_holder() public {
        Token token = newToken(address(0xB0B));
        vm.assertEq(token.totalSupply(), 32_433_365 * 10 ** 18, "supply");
        vm.assertEq(token.balanceOf(address(0xB0B)), token.totalSupply(), "holder has it all");
        vm.assertEq(token.decimals(), 18, "decimals");
        vm.assertEq(keccak256(bytes(token.name())), keccak256("Mysterium"), "name");
        vm.assertEq(keccak256(bytes(token.symbol())), keccak256("MYST"), "symbol");
    }
}
