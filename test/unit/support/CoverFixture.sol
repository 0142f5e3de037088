// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Arithmetic, ReleaseContent} from "../../../contracts/interfaces/IModelHub.sol";
import {InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {ScriptedMachine} from "../../../contracts/mocks/ScriptedMachine.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {Cover} from "../../../contracts/types/Cover.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Item, PipeFixture} from "../Pipe/PipeFixture.sol";

/// An exact release, whose graph hashes one word, and an operator that sets half of its stake aside for PIPE.
abstract contract CoverFixture is PipeFixture {
    bytes32 internal constant GRAPH_ROOT = keccak256("graph");
    uint8 internal constant PERCENT = 50;
    uint256 internal constant SHARE = STAKE / 2;
    uint256 internal constant COVER = 30 ether;
    uint256 internal constant LOCK = 100 ether;
    bytes32 internal constant LIE = keccak256("lie");

    ReleaseId internal approximate;
    address internal insured = makeAddr("insured");

    function setUp() public virtual override {
        super.setUp();
        approximate = release;
        ScriptedMachine(machine).set(GRAPH_ROOT, ScriptedMachine.Script(true, 1, 1000, 20_000_000, false));
        ReleaseContent memory content = _content();
        content.arithmetic = Arithmetic.Exact;
        (content.exact.graphRoot, content.exact.loweringVersion) = (GRAPH_ROOT, 1);
        (content.inputs[0].dtype, content.outputs[0].dtype) = (6, 6);
        vm.prank(publisher);
        release = hub.publish(model, true, content, ROYALTY, RELEASE_MIN_STAKE, VANILLA_ONLY, "", 0);
        skip(1 hours);
        _setAside(address(pipe), PERCENT);
    }

    function _setAside(address coverer, uint8 percent) internal {
        vm.prank(operator.owner);
        operators.setCoverPercent(operator.id, coverer, percent);
    }

    function _right(bytes memory input) internal pure returns (bytes32) {
        return keccak256(input);
    }

    /// What `operator` signs for `user` and `consumer`.
    function _insurable(bytes memory input, bytes32 output, uint256 maxCover) internal view returns (Item memory item) {
        item = _itemOf(input, abi.encode(output));
        item.maxCover = maxCover;
    }

    function _insuredQuery(bytes memory input, Cover cover) internal view returns (InferenceQuery memory query) {
        query = consumer.queryOf(release, input);
        query.cover = cover;
    }

    /// Asks for `input` with the cover and carries that answer to it.
    function _insure(
        bytes memory input,
        bytes32 output,
        uint256 maxCover,
        Cover cover
    ) internal returns (bytes memory) {
        Item[] memory items = _items(_insurable(input, output, maxCover));
        bytes memory callData = abi.encodeCall(CarryingConsumer.askAny, (_insuredQuery(input, cover)));
        (bool success, bytes memory data) = _send(
            user,
            address(consumer),
            _carry(callData, _bundle(user, address(consumer), items))
        );
        return success ? bytes("") : data;
    }

    /// The same question again, answered by what is loaded.
    function _insureAgain(bytes memory input, Cover cover) internal returns (bytes memory) {
        bytes memory callData = abi.encodeCall(CarryingConsumer.askAny, (_insuredQuery(input, cover)));
        (bool success, bytes memory data) = _send(user, address(consumer), callData);
        return success ? bytes("") : data;
    }

    /// What was signed for `_insure` at this moment.
    function _resultOfNow(
        bytes memory input,
        bytes32 output,
        uint256 maxCover
    ) internal view returns (InferenceResult memory) {
        return
            _resultOf(
                _contextOf(user, address(consumer)),
                _insurable(input, output, maxCover),
                uint40(vm.getBlockTimestamp()) + MAX_VALIDITY
            );
    }

    /// Insures a lie about `input`.
    function _insureLie(bytes memory input, Cover cover) internal returns (InferenceResult memory result) {
        result = _resultOfNow(input, LIE, cover.amount());
        bytes memory problem = _insure(input, LIE, cover.amount(), cover);
        require(problem.length == 0, "not insured");
    }

    function _prove(InferenceResult memory result, bytes memory input) internal returns (uint256) {
        SignedResult memory signed = _sign(operator.signerKey, result);
        vm.prank(challenger);
        return disputes.proveWrongOutput(signed, input);
    }

    function _stakeOf() internal view returns (uint256) {
        return _standing(operator).stake * GRAIN;
    }

    function _locked() internal view returns (uint256) {
        return operators.lockedBy(operator.id, address(pipe));
    }
}
