// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ExactFixture} from "../support/ExactFixture.sol";

/// Equivocation and wrong output are two proofs of one fault: of all that an operator signs for one input, each wrong
/// output is punished once, in whatever ways and order it is proved, and the right one never.
contract OneLieOneSlashTest is ExactFixture {
    uint256 private constant OUTPUTS = 5;

    SignedResult[OUTPUTS] private signed;
    uint256 private truth;

    /// Outputs in the order of their hashes; the one at `place` is right.
    function _sortedOutputs(uint256 place) private {
        truth = place;
        bytes32 right = keccak256(_right(INPUT));
        for (uint256 i; i < OUTPUTS; ++i) {
            signed[i] = _lie();
            uint256 distance = i < place ? place - i : i - place;
            signed[i].result.outputHash =
                i < place ? bytes32(uint256(right) - distance) : bytes32(uint256(right) + distance);
            signed[i] = _sign(actor.signerKey, signed[i].result);
        }
    }

    /// Wrong output first: the right answer contradicts it, and must not be punished for that.
    function test_aContradictionAfterTheVerdictIsTheSameLie() public {
        for (uint256 place; place < 2; ++place) {
            uint256 snapshot = vm.snapshotState();
            _sortedOutputs(place);
            assertTrue(_tryWrong(1 - place));
            assertFalse(_tryEquivocation(0, 1));
            assertEq(operators.slashCountOf(actor.id), 1);
            vm.revertToState(snapshot);
        }
    }

    /// Equivocation first, which marks the higher output, right or wrong.
    function test_aVerdictAfterTheContradictionIsTheSameLie() public {
        for (uint256 place; place < 2; ++place) {
            uint256 snapshot = vm.snapshotState();
            _sortedOutputs(place);
            assertTrue(_tryEquivocation(0, 1));
            assertFalse(_tryWrong(1 - place));
            assertEq(operators.slashCountOf(actor.id), 1);
            vm.revertToState(snapshot);
        }
    }

    /// One lie paid by a contradiction is no licence for other answers to the same input: the slash for the right one
    /// stands for one of them and no more.
    function test_aPunishedContradictionIsNoLicenceForOtherLies() public {
        _sortedOutputs(2);
        assertTrue(_tryEquivocation(0, 2));
        assertFalse(_tryWrong(1));
        assertTrue(_tryWrong(3));
        assertTrue(_tryWrong(0));
        assertFalse(_tryEquivocation(1, 2));
        assertFalse(_tryEquivocation(2, 3));
        assertEq(operators.slashCountOf(actor.id), 3);
    }

    function test_chainsOfContradictionsAreCounted() public {
        _sortedOutputs(3);
        assertTrue(_tryEquivocation(2, 3));
        assertTrue(_tryEquivocation(1, 2));
        assertTrue(_tryEquivocation(0, 1));
        assertFalse(_tryWrong(0));
        assertFalse(_tryWrong(1));
        assertFalse(_tryWrong(2));
        assertTrue(_tryWrong(4));
        assertEq(operators.slashCountOf(actor.id), 4);
    }

    /// However many contradictions an operator proves against itself: the verdict costs what it always costs.
    function test_rule29_noChainOfContradictionsStopsAVerdict() public {
        uint256 right = uint256(keccak256(_right(INPUT)));
        SignedResult memory above = _lieAt(0);
        for (uint256 i; i < 40; ++i) {
            SignedResult memory below = _lie();
            below.result.outputHash = bytes32(right - 1 - i);
            below = _sign(actor.signerKey, below.result);
            _stake(actor, STAKE);
            disputes.proveEquivocation(above, below);
            above = below;
        }
        uint256 gasBefore = gasleft();
        assertEq(disputes.proveWrongOutput(above, INPUT), 0);
        assertLt(gasBefore - gasleft(), 150_000);
        assertEq(operators.slashCountOf(actor.id), 40);
        gasBefore = gasleft();
        assertGt(disputes.proveWrongOutput(_lieAt(7), INPUT), 0);
        assertLt(gasBefore - gasleft(), 200_000);
    }

    /// Never more slashes than wrong outputs, whatever is proved in whatever order; and in the end each is paid.
    function testFuzz_everyWrongOutputIsPunishedOnce(uint256 place, uint256[12] calldata acts) public {
        _sortedOutputs(place % OUTPUTS);
        bool[OUTPUTS] memory seen;
        for (uint256 i; i < acts.length; ++i) {
            (uint256 a, uint256 b) = ((acts[i] >> 8) % OUTPUTS, (acts[i] >> 16) % OUTPUTS);
            if (acts[i] % 2 == 0) (seen[a], seen[b]) = (true, true);
            else seen[a] = true;
            if (acts[i] % 2 == 0) _tryEquivocation(a, b);
            else _tryWrong(a);
            uint256 wrong;
            for (uint256 j; j < OUTPUTS; ++j) if (seen[j] && j != truth) ++wrong;
            assertLe(operators.slashCountOf(actor.id), wrong);
        }
        for (uint256 i; i < OUTPUTS; ++i) _tryWrong(i);
        assertEq(operators.slashCountOf(actor.id), OUTPUTS - 1);
        uint256 punished;
        for (uint256 i; i < OUTPUTS; ++i) {
            if (disputes.isPunished(_key(signed[i]))) ++punished;
            for (uint256 j; j < i; ++j) assertFalse(_tryEquivocation(i, j));
        }
        assertEq(punished, OUTPUTS - 1);
    }

    function _tryWrong(uint256 i) private returns (bool) {
        try disputes.proveWrongOutput(signed[i], INPUT) returns (uint256 slashed) {
            return slashed != 0;
        } catch {
            return false;
        }
    }

    function _tryEquivocation(uint256 i, uint256 j) private returns (bool) {
        try disputes.proveEquivocation(signed[i], signed[j]) returns (uint256 slashed) {
            return slashed != 0;
        } catch {
            return false;
        }
    }
}
