// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title MYST, the token of the Mysterium network
/// @notice Fixed supply: all of it is minted once, nothing can be minted or burnt afterwards.
contract MystToken is ERC20, ERC20Permit {
    /// @notice 32,433,365 MYST in base units; one MYST is 10^18.
    uint256 public constant SUPPLY = 32_433_365 ether;

    constructor(address holder) ERC20("Mysterium", "MYST") ERC20Permit("Mysterium") {
        _mint(holder, SUPPLY);
    }
}
