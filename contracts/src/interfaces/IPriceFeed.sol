// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The part of Chainlink's AggregatorV3Interface that the registration fee follows
interface IPriceFeed {
    /// @return roundId not used
    /// @return answer price of one MYST in fiat money, in the feed's own decimals
    /// @return startedAt not used
    /// @return updatedAt when the answer was given, seconds since 1970
    /// @return answeredInRound not used
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
