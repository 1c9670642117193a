// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "../support/Test.sol";

/// All other tests are about the artifacts of this build; these are the contracts that the node deploys and knows.
contract ShippedTest is Test {
    function test_what_is_tested_is_what_is_shipped() public view {
        string memory hashes = vm.readFile("vectors/shipped.json");
        string[4] memory names = ["MystToken", "IdentityRegistry", "ServiceDirectory", "PaymentAccounts"];
        for (uint256 i = 0; i < names.length; ++i) {
            bytes memory code = vm.getCode(string.concat(names[i], ".sol:", names[i]));
            vm.assertEq(sha256(code), vm.parseJsonBytes32(hashes, string.concat(".", names[i])), names[i]);
        }
    }
}
