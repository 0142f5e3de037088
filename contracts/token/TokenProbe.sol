// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";

import {IOPG} from "../interfaces/IOPG.sol";

/// @notice What a token does when it is tried.
struct TokenTraits {
    /// Token wei of whom the trial is made in the name of.
    uint256 balance;
    uint256 supply;
    /// A transfer and a transfer by allowance moved what they were told to, and neither the supply changed.
    bool movesExactly;
    /// `burn` took what it was told to out of the balance and the supply.
    bool burns;
    /// `burn` claimed to, and did not.
    bool pretendsToBurn;
    /// EIP-2612.
    bool permits;
    /// Votes by ERC-5805 whose clock is the timestamp.
    bool votesInSeconds;
}

/// @title TokenProbe
/// @notice Tries out a token that was there before the protocol. It is never deployed: before a deployment, its code is
/// put in the place of a holder of the token for one call that nobody sends (`eth_call` with an override).
contract TokenProbe {
    using SafeERC20 for IERC20;

    bytes32 private constant _IN_SECONDS = keccak256(abi.encode("mode=timestamp"));

    /// @param sink an account with none of the token
    function probe(IOPG token, address sink) external returns (TokenTraits memory traits) {
        (traits.balance, traits.supply) = (token.balanceOf(address(this)), token.totalSupply());
        uint256 part = traits.balance / 4;
        traits.movesExactly = _movesExactly(token, sink, part);
        (traits.burns, traits.pretendsToBurn) = _burns(token, part);
        traits.permits =
            _answers(address(token), abi.encodeCall(IERC20Permit.DOMAIN_SEPARATOR, ())) &&
            _answers(address(token), abi.encodeCall(IERC20Permit.nonces, (address(this))));
        traits.votesInSeconds = _votesInSeconds(address(token));
    }

    function _movesExactly(IERC20 token, address sink, uint256 part) private returns (bool) {
        (uint256 before, uint256 supply) = (token.balanceOf(address(this)), token.totalSupply());
        token.safeTransfer(sink, part);
        if (token.balanceOf(sink) != part || token.balanceOf(address(this)) != before - part) return false;
        token.forceApprove(address(this), part);
        token.safeTransferFrom(address(this), sink, part);
        return
            token.balanceOf(sink) == 2 * part &&
            token.balanceOf(address(this)) == before - 2 * part &&
            token.totalSupply() == supply;
    }

    function _burns(IOPG token, uint256 part) private returns (bool burns, bool pretends) {
        (uint256 before, uint256 supply) = (token.balanceOf(address(this)), token.totalSupply());
        (bool done, ) = address(token).call(abi.encodeCall(IOPG.burn, (part)));
        if (!done) return (false, false);
        burns = token.balanceOf(address(this)) == before - part && token.totalSupply() == supply - part;
        pretends = !burns;
    }

    /// @dev Delegates to itself: votes must then be what it has.
    function _votesInSeconds(address token) private returns (bool) {
        (bool hasMode, bytes memory mode) = token.staticcall(abi.encodeCall(IERC6372.CLOCK_MODE, ()));
        if (!hasMode || keccak256(mode) != _IN_SECONDS) return false;
        (bool hasPast, bytes memory past) = token.staticcall(
            abi.encodeCall(IVotes.getPastTotalSupply, (block.timestamp - 1))
        );
        (bool delegates, ) = token.call(abi.encodeCall(IVotes.delegate, (address(this))));
        (bool hasVotes, bytes memory votes) = token.staticcall(abi.encodeCall(IVotes.getVotes, (address(this))));
        if (!hasPast || past.length != 32 || !delegates || !hasVotes || votes.length != 32) return false;
        return abi.decode(votes, (uint256)) == IERC20(token).balanceOf(address(this));
    }

    function _answers(address token, bytes memory call) private view returns (bool) {
        (bool done, bytes memory answer) = token.staticcall(call);
        return done && answer.length == 32;
    }
}
