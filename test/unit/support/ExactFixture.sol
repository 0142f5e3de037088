// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Challenge} from "../../../contracts/interfaces/IChallenges.sol";
import {Arithmetic, ReleaseContent} from "../../../contracts/interfaces/IModelHub.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ScriptedMachine} from "../../../contracts/mocks/ScriptedMachine.sol";
import {Claim} from "../../../contracts/types/Claim.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {EvidenceFixture} from "./EvidenceFixture.sol";
import {Actor} from "./NetworkFixture.sol";

/// The network with one operator and one exact release, whose graph is a script: so many hashings of one word.
abstract contract ExactFixture is EvidenceFixture {
    bytes32 internal constant GRAPH_ROOT = keccak256("graph");
    bytes internal constant INPUT = abi.encode(bytes32("one word of input"));
    bytes internal constant LIE = "what the release does not give";
    uint32 internal constant STEPS = 3;
    uint64 internal constant GAS_BOUND = 20_000_000;
    uint256 internal constant BASE_FEE = 0.1 gwei;

    Actor internal actor;

    function setUp() public virtual override {
        super.setUp();
        vm.fee(BASE_FEE);
        _script(STEPS, 1000);
        actor = _onboard("operator");
        release = _publishExact(GRAPH_ROOT);
        assertTrue(hub.isExact(release));
        // What is measured must be valid beyond the moment of the confirmation.
        skip(1 hours);
    }

    function _script(uint32 steps, uint64 gasPerStep) internal {
        ScriptedMachine(machine).set(GRAPH_ROOT, ScriptedMachine.Script(true, steps, gasPerStep, GAS_BOUND, false));
    }

    function _publishExact(bytes32 graphRoot) internal returns (ReleaseId) {
        ReleaseContent memory content = _content();
        content.arithmetic = Arithmetic.Exact;
        (content.exact.graphRoot, content.exact.loweringVersion) = (graphRoot, 1);
        (content.inputs[0].dtype, content.outputs[0].dtype) = (6, 6);
        vm.prank(publisher);
        return hub.publish(model, true, content, ROYALTY, RELEASE_MIN_STAKE, VANILLA_ONLY, "", 0);
    }

    /// What the script makes of `input`.
    function _right(bytes memory input) internal pure returns (bytes memory output) {
        return _after(input, STEPS);
    }

    function _after(bytes memory state, uint256 steps) internal pure returns (bytes memory) {
        for (uint256 i; i < steps; ++i) state = abi.encode(keccak256(state));
        return state;
    }

    function _signed(bytes memory input, bytes memory output) internal view returns (SignedResult memory) {
        return _sign(actor.signerKey, _result(0, input, output));
    }

    function _lie() internal view returns (SignedResult memory) {
        return _signed(INPUT, LIE);
    }

    /// A lie with a hash that far above the right one's, or below it.
    function _lieAt(int256 distance) internal view returns (SignedResult memory lie) {
        lie = _lie();
        uint256 right = uint256(keccak256(_right(INPUT)));
        lie.result.outputHash = bytes32(distance < 0 ? right - uint256(-distance) : right + uint256(distance));
        lie = _sign(actor.signerKey, lie.result);
    }

    function _truth() internal view returns (SignedResult memory) {
        return _signed(INPUT, _right(INPUT));
    }

    function _proveWrong(SignedResult memory signed, bytes memory input) internal returns (uint256) {
        vm.prank(challenger);
        return disputes.proveWrongOutput(signed, input);
    }

    function _claim(SignedResult memory signed) internal view returns (Claim memory) {
        InferenceResult memory result = signed.result;
        uint16 era = operators.standingById(actor.id).era;
        return Claim(actor.id, era, result.release, result.codec, result.inputHash, result.outputHash);
    }

    function _key(SignedResult memory signed) internal view returns (bytes32) {
        return _claimKey(actor.id, operators.standingById(actor.id).era, signed.result);
    }

    function _open(address opener, SignedResult memory signed) internal returns (bytes32 key) {
        uint256 bond = disputes.bondFor(GRAPH_ROOT, block.basefee);
        vm.deal(opener, opener.balance + bond);
        vm.prank(opener);
        key = disputes.openChallenge{value: bond}(signed);
    }

    function _challengePunished(address opener, SignedResult memory signed) internal returns (bytes32 key) {
        uint256 bond = disputes.bondFor(GRAPH_ROOT, block.basefee);
        vm.deal(opener, opener.balance + bond);
        vm.prank(opener);
        key = disputes.challengePunished{value: bond}(signed);
    }

    /// Goes on from the checkpoint at `pc`, which an honest worker knows.
    function _continue(address worker, SignedResult memory signed, uint32 pc) internal returns (bool isOver) {
        return _continue(worker, signed, pc, _after(INPUT, pc));
    }

    function _continue(
        address worker,
        SignedResult memory signed,
        uint32 pc,
        bytes memory state
    ) internal returns (bool isOver) {
        Claim memory claim = _claim(signed);
        vm.prank(worker);
        isOver = disputes.continueChallenge(claim, pc, state);
    }

    /// Comes back from jail, as soon as it may, with what it had at first.
    function _return() internal {
        skip(JAIL_PERIOD);
        _stake(actor, STAKE - _standing(actor).stake * GRAIN);
        vm.prank(actor.owner);
        operators.leaveJail(actor.id);
    }

    function _isOpen(bytes32 key) internal view returns (bool) {
        Challenge memory challenge = disputes.challengeOf(key);
        return challenge.opener != address(0);
    }

    function _requireUntouched() internal view {
        assertEq(operators.slashCountOf(actor.id), 0);
        assertEq(_standing(actor).stake * GRAIN, STAKE);
    }
}
