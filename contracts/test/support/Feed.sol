// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPriceFeed} from "../../src/interfaces/IPriceFeed.sol";

/// A price feed that a test holds in its hand: answers a price, or any bytes at all, or fails.
contract Feed {
    bytes private _answer;
    bool private _fails;

    function set(int256 price, uint256 updatedAt) external {
        setRaw(abi.encode(uint80(1), price, updatedAt, updatedAt, uint80(1)), false);
    }

    function setRaw(bytes memory answer, bool fails) public {
        (_answer, _fails) = (answer, fails);
    }

    fallback() external {
        require(msg.sig == IPriceFeed.latestRoundData.selector, "not a question for a feed");
        bytes memory answer = _answer;
        bool fails = _fails;
        assembly ("memory-safe") {
            switch fails
            case 0 { return(add(answer, 32), mload(answer)) }
            default { revert(add(answer, 32), mload(answer)) }
        }
    }
}
