// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub, ReleaseContent} from "../../../contracts/interfaces/IModelHub.sol";
import {IPipe, InferenceAnswer, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {IProofSettlement} from "../../../contracts/interfaces/IProofSettlement.sol";
import {IProofVerifier, ProofStatement} from "../../../contracts/interfaces/IProofVerifier.sol";
import {CarryingConsumer} from "../../../contracts/mocks/CarryingConsumer.sol";
import {KeyOrigin, demandedBy} from "../../../contracts/types/KeyOrigin.sol";
import {ALL_MODES, Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Actor} from "../support/NetworkFixture.sol";
import {StatementVerifier} from "../support/StatementVerifier.sol";
import {Item, PipeFixture} from "./PipeFixture.sol";

/// Tries to change something while it is asked about a proof, and says yes where it could not. Not a view, as the
/// interface wants it to be.
contract ReentrantVerifier {
    IPipe private immutable _PIPE;

    constructor(IPipe pipe) {
        _PIPE = pipe;
    }

    function verify(ProofStatement calldata, bytes calldata) external returns (bool) {
        (bool success, ) = address(_PIPE).call(abi.encodeCall(IPipe.fundBudget, (address(this), 0, 0)));
        return !success;
    }
}

/// Results of the modes that bring a proof, and cover.
contract PipeProofsTest is PipeFixture {
    ReleaseId private proven;

    function setUp() public override {
        super.setUp();
        ReleaseContent memory content = _content();
        content.exact.zkVerifier = address(this);
        content.exact.zkKeyDigest = keccak256("key");
        content.exact.zkKeyOrigin = KeyOrigin.Universal;
        proven = _publish(content, ROYALTY, RELEASE_MIN_STAKE, ALL_MODES);
    }

    function testFuzz_takesAResultWithTheProofOfItsStatement(bool isZk, bool isLoaded) public {
        Mode mode = _support(isZk);
        Item memory item = _proved(mode);
        bytes memory results = _bundle(user, address(consumer), _items(item));
        if (isLoaded) _preload(user, results);
        (bool success, bytes memory data) = _send(
            user,
            address(consumer),
            isLoaded ? _askWith(mode.bit()) : _carry(_askWith(mode.bit()), results)
        );
        assertTrue(success);
        assertEq(abi.decode(data, (bytes)), item.output);
        assertEq(_spendable(user), 100 ether - FEE);
        assertEq(money.earningsOf(operator.id, proven).unripe, FEE);
    }

    function testFuzz_answersReadsWithTheProofOfTheirStatement(bool isZk) public {
        Mode mode = _support(isZk);
        Item memory item = _proved(mode);
        vm.txGasPrice(0);
        bytes memory results = _bundle(address(0), address(0), _items(item));
        InferenceAnswer memory answer = pipe.read(_queryOf(mode.bit()), results);
        assertEq(answer.output, item.output);
        assertEq(uint8(answer.mode), uint8(mode));
        item.proof = abi.encode(INPUT, abi.encode(keccak256("another statement")));
        results = _bundle(address(0), address(0), _items(item));
        InferenceQuery memory query = _queryOf(mode.bit());
        vm.expectRevert(abi.encodeWithSelector(IProofSettlement.ProofRejected.selector, mode, proven));
        pipe.read(query, results);
    }

    function test_revertsWhenTheProofIsWrong() public {
        Mode mode = _support(true);
        Item memory item = _proved(mode);
        item.proof = abi.encode(INPUT, abi.encode(keccak256("another statement")));
        _refused(item, abi.encodeWithSelector(IProofSettlement.ProofRejected.selector, mode, proven));
    }

    /// The proof of one operator does not back another that copies its answer.
    function test_rule33_refusesTheProofOfAnotherOperator() public {
        Mode mode = _support(true);
        Item memory item = _proved(mode);
        Actor memory thief = _onboard("thief");
        bytes memory results = _bundleBy(thief.signerKey, user, address(consumer), _items(item));
        _expectFailure(
            user,
            address(consumer),
            _carry(_askWith(mode.bit()), results),
            abi.encodeWithSelector(IProofSettlement.ProofRejected.selector, mode, proven)
        );
    }

    function test_revertsWhenTheProofIsForAnotherInput() public {
        Item memory item = _proved(_support(false));
        item.proof = _proofOf(ProofStatement(proven, operator.id, operator.signer, "other", item.output));
        _refused(
            item,
            abi.encodeWithSelector(IProofSettlement.InputMismatch.selector, keccak256(INPUT), keccak256("other"))
        );
    }

    function test_revertsWhenTheProofIsForAnotherOutput() public {
        Mode mode = _support(false);
        Item memory item = _proved(mode);
        item.output = abi.encode("another");
        _refused(item, abi.encodeWithSelector(IProofSettlement.ProofRejected.selector, mode, proven));
    }

    function test_revertsWhenThereIsNoProof() public {
        Mode mode = _support(true);
        Item memory item = _proved(mode);
        item.proof = abi.encode(INPUT, "");
        _refused(item, abi.encodeWithSelector(StatementVerifier.ProofMissing.selector));
        item.proof = "";
        bytes memory results = _bundle(user, address(consumer), _items(item));
        (bool success, ) = _send(user, address(consumer), _carry(_askWith(mode.bit()), results));
        assertFalse(success);
        assertEq(_spendable(user), 100 ether);
    }

    function test_revertsWhenNoVerifierIsSet() public {
        Item memory item = _proved(Mode.TEE);
        _refused(item, abi.encodeWithSelector(IProofSettlement.ModeNotSupported.selector, Mode.TEE));
    }

    function test_revertsWhenTheReleaseDoesNotOfferTheMode() public {
        Item memory item = _proved(_support(false));
        item.release = release;
        item.proof = _proofOf(ProofStatement(release, operator.id, operator.signer, INPUT, item.output));
        bytes memory results = _bundle(user, address(consumer), _items(item));
        _expectFailure(
            user,
            address(consumer),
            _carry(_ask(), results),
            abi.encodeWithSelector(IPipe.ModeNotOffered.selector, release, Mode.TEE)
        );
    }

    /// A signature alone is not what a query for a proof takes.
    function test_revertsWhenTheQueryWantsAProof() public {
        _support(true);
        Item memory item = _itemOf(INPUT, abi.encode(ANSWER));
        item.release = proven;
        _refused(item, abi.encodeWithSelector(IPipe.ModeNotAllowed.selector, Mode.VANILLA, 6));
    }

    /// Carried, preloaded, or read: proofs of keys that are easier to forge with do not do, whatever else will.
    function testFuzz_rule32_aDemandForKeysIsMet(uint8 seed, bool isZk, bool isLoaded, bool isRead) public {
        Mode mode = _support(isZk);
        KeyOrigin origin = KeyOrigin(1 + (seed & 3) % 3);
        KeyOrigin least = KeyOrigin((seed >> 2) & 3);
        _republish(origin);
        Item[] memory items = _items(_proved(mode));
        uint8 modes = (ALL_MODES & uint8(~(seed >> 4))) | mode.bit() | least.demand();
        assertEq(uint8(demandedBy(modes)), uint8(least));
        bytes memory problem;
        if (mode == Mode.ZK && origin < least) {
            problem = abi.encodeWithSelector(IModelHub.KeyOriginTooLow.selector, proven, origin, least);
        }
        if (isRead) return _readDemanding(modes, items, problem);
        bytes memory results = _bundle(user, address(consumer), items);
        if (isLoaded) _preload(user, results);
        bytes memory call = isLoaded ? _askWith(modes) : _carry(_askWith(modes), results);
        (bool success, bytes memory data) = _send(user, address(consumer), call);
        assertEq(success, problem.length == 0);
        if (success) assertEq(abi.decode(data, (bytes)), items[0].output);
        else assertEq(data, problem);
    }

    /// A demand for keys is one of proofs alone, and adds no mode to those that will do.
    function test_rule32_aDemandForKeysAllowsNoProofThatWouldNotDo() public {
        Item memory item = _proved(_support(true));
        bytes memory results = _bundle(user, address(consumer), _items(item));
        uint8 modes = Mode.VANILLA.bit() | KeyOrigin.Universal.demand();
        bytes memory problem = abi.encodeWithSelector(IPipe.ModeNotAllowed.selector, Mode.ZK, modes);
        _expectFailure(user, address(consumer), _carry(_askWith(modes), results), problem);
    }

    /// A proof beside a result that needs none is in no signature.
    function test_revertsWhenASignedResultBringsAProof() public {
        Item memory item = _itemOf(INPUT, abi.encode(ANSWER));
        item.release = proven;
        item.proof = "anything";
        _refused(item, abi.encodeWithSelector(IPipe.BundleMalformed.selector, 26));
    }

    function test_revertsWhenTheModeIsNone() public {
        Item memory item = _itemOf(INPUT, abi.encode(ANSWER));
        item.release = proven;
        bytes memory results = _bundle(user, address(consumer), _items(item));
        results[26 + 64] = 0x03;
        bytes memory problem = abi.encodeWithSelector(IPipe.BundleMalformed.selector, 26);
        _expectFailure(user, address(consumer), _carry(_askWith(6), results), problem);
    }

    /// A verifier is asked by a static call: whatever it is, it changes nothing.
    function test_rule01_aVerifierCannotReenter() public {
        IProofVerifier verifier = IProofVerifier(address(new ReentrantVerifier(pipe)));
        vm.prank(governor);
        settlement.setVerifier(Mode.ZK, verifier);
        _preload(user, _bundle(user, address(consumer), _items(_proved(Mode.ZK))));
        assertEq(_spendable(user), 100 ether - FEE);
        assertEq(pipe.budgetOf(address(verifier), address(verifier)).balance, 0);
    }

    function test_rule31_takesCoverWithAContext() public {
        Item[] memory items = _item(INPUT, ANSWER);
        items[0].maxCover = 100 ether;
        (bool success, ) = _send(user, address(consumer), _carry(_ask(), _bundle(user, address(consumer), items)));
        assertTrue(success);
        assertEq(_spendable(user), 100 ether - FEE, "what is insured costs nothing more here");
    }

    function test_rule31_revertsWhenThereIsCoverWithoutContext() public {
        Item[] memory items = _item(INPUT, ANSWER);
        items[0].maxCover = GRAIN;
        bytes memory results = _bundle(user, address(0), items);
        bytes memory problem = abi.encodeWithSelector(IPipe.CoverWithoutContext.selector);
        _expectFailure(user, address(consumer), _carry(_ask(), results), problem);
        _expectFailure(user, address(pipe), abi.encodeCall(IPipe.preload, (results)), problem);
    }

    function _republish(KeyOrigin origin) private {
        ReleaseContent memory content = _content();
        content.exact.zkVerifier = address(this);
        content.exact.zkKeyDigest = keccak256("key");
        content.exact.zkKeyOrigin = origin;
        proven = _publish(content, ROYALTY, RELEASE_MIN_STAKE, ALL_MODES);
        assertEq(uint8(hub.proofKeyOriginOf(proven)), uint8(origin));
    }

    function _readDemanding(uint8 modes, Item[] memory items, bytes memory problem) private {
        vm.txGasPrice(0);
        InferenceQuery memory query = _queryOf(modes);
        bytes memory results = _bundle(address(0), address(0), items);
        if (problem.length != 0) vm.expectRevert(problem);
        InferenceAnswer memory answer = pipe.read(query, results);
        if (problem.length == 0) assertEq(answer.output, items[0].output);
    }

    function _support(bool isZk) private returns (Mode mode) {
        mode = isZk ? Mode.ZK : Mode.TEE;
        IProofVerifier verifier = new StatementVerifier();
        vm.prank(governor);
        settlement.setVerifier(mode, verifier);
    }

    function _proved(Mode mode) private view returns (Item memory item) {
        item = _itemOf(INPUT, abi.encode(ANSWER));
        (item.release, item.mode) = (proven, mode);
        item.proof = _proofOf(ProofStatement(proven, operator.id, operator.signer, INPUT, item.output));
    }

    /// What `StatementVerifier` accepts.
    function _proofOf(ProofStatement memory statement) private pure returns (bytes memory) {
        return abi.encode(statement.input, abi.encode(keccak256(abi.encode(statement))));
    }

    function _queryOf(uint8 modes) private view returns (InferenceQuery memory query) {
        query = consumer.queryOf(proven, INPUT);
        query.modes = modes;
    }

    function _askWith(uint8 modes) private view returns (bytes memory) {
        return abi.encodeCall(CarryingConsumer.askAny, (_queryOf(modes)));
    }

    function _refused(Item memory item, bytes memory problem) private {
        bytes memory results = _bundle(user, address(consumer), _items(item));
        _expectFailure(user, address(consumer), _carry(_askWith(6), results), problem);
        assertEq(money.earningsOf(operator.id, item.release).unripe, 0);
    }
}
