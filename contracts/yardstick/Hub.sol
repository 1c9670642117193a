// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title What paying through a company in the middle costs on chain: a yardstick, not part of the network
/// @notice A hub collects what consumers owe off chain and signs one growing sum for each provider. Settling verifies
/// that one signature and pays two parties in the token, the provider and the hub. Written for comparison only.
contract Hub {
    IERC20 public immutable token;
    address public immutable operator;
    mapping(address provider => uint256) public settled;

    event Settled(address indexed provider, uint256 paid, uint256 fee);

    constructor(IERC20 token_, address operator_) {
        (token, operator) = (token_, operator_);
    }

    function settle(address provider, uint256 sum, uint256 fee, bytes calldata signature) external {
        bytes32 digest =
            MessageHashUtils.toEthSignedMessageHash(keccak256(abi.encode(block.chainid, this, provider, sum, fee)));
        require(ECDSA.recoverCalldata(digest, signature) == operator, "not signed by the hub");
        uint256 before = settled[provider];
        require(sum >= before + fee, "settled already");
        settled[provider] = sum;
        emit Settled(provider, sum - before - fee, fee);
        require(token.transfer(provider, sum - before - fee) && token.transfer(operator, fee), "not paid");
    }
}
