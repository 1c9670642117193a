// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MystToken} from "../../src/MystToken.sol";
import {Test} from "../support/Test.sol";

contract MystTokenTest is Test {
    function test_whole_supply_is_minted_once_to_the_holder() public {
        MystToken token = new MystToken(address(0xB0B));
        vm.assertEq(token.totalSupply(), 32_433_365 * 10 ** 18, "supply");
        vm.assertEq(token.balanceOf(address(0xB0B)), token.totalSupply(), "holder has it all");
        vm.assertEq(token.decimals(), 18, "decimals");
        vm.assertEq(keccak256(bytes(token.name())), keccak256("Mysterium"), "name");
        vm.assertEq(keccak256(bytes(token.symbol())), keccak256("MYST"), "symbol");
    }
}
