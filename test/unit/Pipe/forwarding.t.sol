// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC2771Context} from "@openzeppelin/contracts/metatx/ERC2771Context.sol";
import {ERC2771Forwarder} from "@openzeppelin/contracts/metatx/ERC2771Forwarder.sol";
import {Context} from "@openzeppelin/contracts/utils/Context.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

import {PipeConsumer} from "../../../contracts/consumer/PipeConsumer.sol";
import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {CODEC_TENSORS} from "../../../contracts/types/Codec.sol";
import {NO_COVER} from "../../../contracts/types/Cover.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {PipeFixture} from "./PipeFixture.sol";

/// A consumer that also takes batches by delegatecall.
contract MulticallConsumer is PipeConsumer, Multicall {
    mapping(uint256 slot => bytes32 answer) public answers;

    constructor(IPipe pipe) PipeConsumer(pipe) {}

    function ask(ReleaseId release, uint256 slot, bytes calldata input) external {
        answers[slot] = bytes32(_infer(InferenceQuery(release, CODEC_TENSORS, NO_COVER, 1, 0, 1 ether, 0, input)));
    }
}

/// A consumer behind a forwarder that acts for whom the forwarder says, and takes batches besides.
contract ForwardedConsumer is PipeConsumer, ERC2771Context, Multicall {
    mapping(uint256 slot => bytes32 answer) public answers;

    constructor(IPipe pipe, address forwarder) PipeConsumer(pipe) ERC2771Context(forwarder) {}

    function ask(ReleaseId release, uint256 slot, bytes calldata input) external {
        answers[slot] = bytes32(_infer(InferenceQuery(release, CODEC_TENSORS, NO_COVER, 1, 0, 1 ether, 0, input)));
    }

    function _account() internal view override returns (address) {
        return _msgSender();
    }

    function _msgSender() internal view override(Context, ERC2771Context) returns (address) {
        return ERC2771Context._msgSender();
    }

    function _msgData() internal view override(Context, ERC2771Context) returns (bytes calldata) {
        return ERC2771Context._msgData();
    }

    function _contextSuffixLength() internal view override(Context, ERC2771Context) returns (uint256) {
        return ERC2771Context._contextSuffixLength();
    }
}

/// RULE 35: what becomes of carried results on their way through contracts that change the end of calldata.
contract PipeForwardingTest is PipeFixture {
    MulticallConsumer private batching;
    ForwardedConsumer private forwarded;
    ERC2771Forwarder private forwarder;
    address private signer;
    uint256 private signerKey;

    function setUp() public override {
        super.setUp();
        (signer, signerKey) = makeAddrAndKey("signer of forwarded calls");
        forwarder = new ERC2771Forwarder("Forwarder");
        batching = new MulticallConsumer(pipe);
        forwarded = new ForwardedConsumer(pipe, address(forwarder));
        _allow(user, address(batching));
        _allow(signer, address(forwarded));
    }

    /// The results stand behind the batch, and the calls in it do not see them.
    function test_rule35_findsNothingBehindAMulticall() public {
        bytes[] memory calls = new bytes[](1);
        calls[0] = _ask();
        bytes memory results = _bundle(user, address(batching), _item(INPUT, ANSWER));
        bytes memory outer = _carry(abi.encodeCall(Multicall.multicall, (calls)), results);
        (bool success, bytes memory data) = _send(user, address(batching), outer);
        assertFalse(success);
        assertEq(data, _missing(user, address(batching), INPUT));
        _expectBudgets(10 ether, 10 ether);
    }

    /// Each call of the batch may carry its own; the account is the one that sent the batch, and pays once for each.
    function test_rule35_findsWhatEachCallOfAMulticallCarries() public {
        bytes[] memory calls = new bytes[](3);
        calls[0] = _carry(_askAbout(0, "a"), _bundle(user, address(batching), _item("a", keccak256("A"))));
        calls[1] = _carry(_askAbout(1, "b"), _bundle(user, address(batching), _item("b", keccak256("B"))));
        calls[2] = _askAbout(2, "a");
        (bool success, ) = _send(user, address(batching), abi.encodeCall(Multicall.multicall, (calls)));
        assertTrue(success);
        assertEq(batching.answers(0), keccak256("A"));
        assertEq(batching.answers(1), keccak256("B"));
        assertEq(batching.answers(2), keccak256("A"));
        _expectBudgets(10 ether - 2 * FEE, 10 ether);
    }

    /// A batch of a stranger spends nobody's budget, whatever its calls carry.
    function test_rule35_aMulticallSpendsItsSendersBudgetAlone() public {
        bytes[] memory calls = new bytes[](1);
        calls[0] = _carry(_ask(), _bundle(user, address(batching), _item(INPUT, ANSWER)));
        (bool success, bytes memory data) = _send(
            stranger,
            address(batching),
            abi.encodeCall(Multicall.multicall, (calls))
        );
        assertFalse(success);
        assertEq(bytes4(data), IPipe.OperatorNotActive.selector, "signed for another payer");
        calls[0] = _carry(_ask(), _bundle(stranger, address(batching), _item(INPUT, ANSWER)));
        (success, data) = _send(stranger, address(batching), abi.encodeCall(Multicall.multicall, (calls)));
        assertEq(data, abi.encodeWithSelector(IPipe.BudgetTooLow.selector, stranger, batching, 0, FEE));
        _expectBudgets(10 ether, 10 ether);
    }

    /// The forwarder puts the sender behind the results, which are then not found.
    function test_rule35_findsNothingBehindAForwarder() public {
        bytes memory results = _bundle(signer, address(forwarded), _item(INPUT, ANSWER));
        (bool success, bytes memory data) = _forward(_carry(_ask(), results));
        assertFalse(success);
        assertEq(data, abi.encodeWithSignature("FailedCall()"));
        vm.prank(address(forwarder));
        (success, data) = address(forwarded).call(abi.encodePacked(_carry(_ask(), results), signer));
        assertEq(data, _missing(signer, address(forwarded), INPUT));
        _expectBudgets(10 ether, 10 ether);
    }

    /// The way that is left behind a forwarder: the account loads by itself.
    function test_rule35_takesLoadedResultsBehindAForwarder() public {
        _pay(signer, 1 ether);
        _preload(signer, _bundle(signer, address(forwarded), _item(INPUT, ANSWER)));
        (bool success, ) = _forward(_ask());
        assertTrue(success);
        assertEq(forwarded.answers(0), ANSWER);
        assertEq(money.balanceOf(signer), 1 ether - FEE);
    }

    /// Batch, forwarder and results together: what a call of the batch carries is hidden by the sender again.
    function test_rule35_findsNothingInAForwardedMulticall() public {
        bytes[] memory calls = new bytes[](1);
        calls[0] = _carry(_ask(), _bundle(signer, address(forwarded), _item(INPUT, ANSWER)));
        bytes memory batch = abi.encodeCall(Multicall.multicall, (calls));
        vm.prank(address(forwarder));
        (bool success, bytes memory data) = address(forwarded).call(abi.encodePacked(batch, signer));
        assertFalse(success);
        assertEq(data, _missing(signer, address(forwarded), INPUT));
        _expectBudgets(10 ether, 10 ether);
    }

    /// A stranger who writes an account behind the calls of its batch, or behind its own call, stays a stranger.
    function test_rule35_nobodySpendsByWritingAnAccountBehindTheCall() public {
        bytes memory call_ = abi.encodePacked(
            _carry(_ask(), _bundle(signer, address(forwarded), _item(INPUT, ANSWER))),
            signer
        );
        bytes[] memory calls = new bytes[](1);
        calls[0] = call_;
        bytes memory batch = abi.encodeCall(Multicall.multicall, (calls));
        bytes memory problem = _missing(stranger, address(forwarded), INPUT);
        (, bytes memory data) = _send(stranger, address(forwarded), call_);
        assertEq(data, problem);
        (, data) = _send(stranger, address(forwarded), batch);
        assertEq(data, problem);
        (, data) = _send(stranger, address(forwarded), abi.encodePacked(batch, signer));
        assertEq(data, problem);
        _expectBudgets(10 ether, 10 ether);
    }

    /// An address that happens to end as a tail does: what it is taken to carry stands in its own call, and only its
    /// own budget could pay for it.
    function test_rule35_anAddressThatLooksLikeATailPaysForItself() public {
        bytes memory results = _bundle(stranger, address(forwarded), _item(INPUT, ANSWER));
        address lookalike = address(bytes20(abi.encodePacked(bytes12(uint96(7)), uint32(results.length + 12), MAGIC)));
        bytes memory callData = abi.encodePacked(_ask(), results, lookalike);
        vm.prank(address(forwarder));
        (bool success, bytes memory data) = address(forwarded).call(callData);
        assertFalse(success);
        assertTrue(
            bytes4(data) == IPipe.BundleMalformed.selector || bytes4(data) == IPipe.OperatorNotActive.selector,
            "no other error"
        );
        _expectBudgets(10 ether, 10 ether);
    }

    function _allow(address account, address consumer_) private {
        _pay(account, 10 ether);
        vm.prank(account);
        pipe.fundBudget(consumer_, 10 ether, 10 ether);
    }

    function _askAbout(uint256 slot, bytes memory input) private view returns (bytes memory) {
        return abi.encodeCall(MulticallConsumer.ask, (release, slot, input));
    }

    function _forward(bytes memory data) private returns (bool success, bytes memory returned) {
        ERC2771Forwarder.ForwardRequestData memory request = ERC2771Forwarder.ForwardRequestData({
            from: signer,
            to: address(forwarded),
            value: 0,
            gas: 2_000_000,
            deadline: uint48(block.timestamp + 1 hours),
            data: data,
            signature: ""
        });
        request.signature = _signDigest(signerKey, _forwardDigest(request));
        (success, returned) = _send(stranger, address(forwarder), abi.encodeCall(forwarder.execute, (request)));
    }

    function _forwardDigest(ERC2771Forwarder.ForwardRequestData memory request) private view returns (bytes32) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "ForwardRequest(address from,address to,uint256 value,uint256 gas,uint256 nonce,uint48 deadline,"
                    "bytes data)"
                ),
                request.from,
                request.to,
                request.value,
                request.gas,
                forwarder.nonces(request.from),
                request.deadline,
                keccak256(request.data)
            )
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Forwarder"),
                keccak256("1"),
                block.chainid,
                address(forwarder)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _expectBudgets(uint256 ofUser, uint256 ofSigner) private view {
        assertEq(pipe.budgetOf(user, address(batching)).balance, ofUser);
        assertEq(pipe.budgetOf(signer, address(forwarded)).balance, ofSigner);
        assertEq(_spendable(user), 90 ether + 10 ether);
    }
}
