// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PipeConsumer} from "../../../contracts/consumer/PipeConsumer.sol";
import {VolatilityModel} from "../../../contracts/examples/VolatilityModel.sol";
import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {TensorDecoder} from "../../../contracts/libraries/TensorDecoder.sol";
import {CODEC_TENSORS} from "../../../contracts/types/Codec.sol";
import {NO_COVER} from "../../../contracts/types/Cover.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Tensor, TensorRules} from "../../../contracts/types/Tensor.sol";
import {PipeFixture} from "../Pipe/PipeFixture.sol";

/// Expects one float32 [1, 1], and keeps it.
contract DecodingConsumer is PipeConsumer {
    ReleaseId private immutable _RELEASE;
    uint256 public volatility;

    constructor(IPipe pipe, ReleaseId release) PipeConsumer(pipe) {
        _RELEASE = release;
    }

    function ask(bytes calldata input) external {
        volatility = VolatilityModel.decodeOutput(
            _infer(InferenceQuery(_RELEASE, CODEC_TENSORS, NO_COVER, 1, 0, 1 ether, 0, input))
        );
    }
}

/// `Pipe` gives out the bytes that were signed. That they are of the model's form is the consumer's to check, with the
/// codec's own errors; what fails there is not paid.
contract OutputTest is PipeFixture {
    DecodingConsumer private decoding;

    function setUp() public override {
        super.setUp();
        decoding = new DecodingConsumer(pipe, release);
        vm.prank(user);
        pipe.fundBudget(address(decoding), 10 ether, 10 ether);
    }

    /// A call to nothing succeeds; no answer comes of it.
    function test_revertsWhereNoPipeIs() public {
        decoding = new DecodingConsumer(IPipe(stranger), release);
        vm.expectRevert(PipeConsumer.PipeMissing.selector);
        decoding.ask(INPUT);
    }

    function test_takesTheModelsForm() public {
        _ask(_encoded(TensorCodec.shapeOf(1, 1), Dtype.FLOAT32));
        assertEq(pipe.budgetOf(user, address(decoding)).balance, 10 ether - FEE);
    }

    function test_refusesMoreElementsThanTheSchema() public {
        _refused(
            _encoded(TensorCodec.shapeOf(1, 2), Dtype.FLOAT32),
            abi.encodeWithSelector(TensorRules.TensorDimensionWrong.selector, 1, 2, 1)
        );
        _refused(
            _encoded(TensorCodec.shapeOf(1000, 1000), Dtype.UINT8),
            abi.encodeWithSelector(TensorRules.TensorDtypeWrong.selector, Dtype.UINT8, Dtype.FLOAT32)
        );
    }

    function test_refusesMoreTensorsThanTheSchema() public {
        Tensor[] memory tensors = new Tensor[](2);
        tensors[0] = TensorCodec.zeros(TensorCodec.shapeOf(1, 1), Dtype.FLOAT32);
        tensors[1] = tensors[0];
        _refused(TensorCodec.encode(tensors), abi.encodeWithSelector(TensorCodec.TensorCountWrong.selector, 2, 1));
    }

    function test_refusesWhatFollowsTheEncoding() public {
        bytes memory output = _encoded(TensorCodec.shapeOf(1, 1), Dtype.FLOAT32);
        _refused(
            bytes.concat(output, new bytes(32)),
            abi.encodeWithSelector(TensorDecoder.TensorEncodingTooLong.selector, output.length + 32, output.length)
        );
    }

    /// An output of 64 KB where 4 bytes were expected.
    function test_refusesAHugeOutput() public {
        bytes memory output = new bytes(65_536);
        _refused(output, abi.encodeWithSelector(TensorDecoder.TensorEncodingNotCanonical.selector, 0));
        (output[31], output[63]) = (0x20, 0x01);
        _refused(output, abi.encodeWithSelector(TensorDecoder.TensorEncodingNotCanonical.selector, 64));
    }

    /// Lengths that stand in a bundle and are not there do not make `Pipe` read beyond it.
    function testFuzz_refusesALengthThatIsNotThere(uint24 length, bool ofProof) public {
        bytes memory output = _encoded(TensorCodec.shapeOf(1, 1), Dtype.FLOAT32);
        vm.assume(length > output.length + 65);
        bytes memory results = _bundle(user, address(decoding), _items(_itemOf(INPUT, output)));
        uint256 place = 26 + (ofProof ? 83 : 80);
        for (uint256 i; i < 3; ++i) results[place + i] = bytes3(length)[i];
        bytes memory callData = _carry(abi.encodeCall(DecodingConsumer.ask, (INPUT)), results);
        (bool success, bytes memory data) = _send(user, address(decoding), callData);
        assertFalse(success);
        // Where the result begins: nothing behind it is looked at.
        assertEq(data, abi.encodeWithSelector(IPipe.BundleMalformed.selector, 26));
    }

    function testFuzz_endsAnyOutputInAnAnswerOrATypedError(bytes calldata output) public {
        bytes memory results = _bundle(user, address(decoding), _items(_itemOf(INPUT, output)));
        bytes memory callData = _carry(abi.encodeCall(DecodingConsumer.ask, (INPUT)), results);
        (bool success, bytes memory data) = _send(user, address(decoding), callData);
        assertTrue(success || (data.length >= 4 && bytes4(data) != bytes4(keccak256("Panic(uint256)"))));
        assertEq(pipe.budgetOf(user, address(decoding)).balance, success ? 10 ether - FEE : 10 ether);
    }

    function _encoded(uint32[] memory shape, uint8 dtype) private pure returns (bytes memory) {
        return TensorCodec.encode(TensorCodec.zeros(shape, dtype));
    }

    function _ask(bytes memory output) private {
        bytes memory results = _bundle(user, address(decoding), _items(_itemOf(INPUT, output)));
        (bool success, ) = _send(
            user,
            address(decoding),
            _carry(abi.encodeCall(DecodingConsumer.ask, (INPUT)), results)
        );
        assertTrue(success);
    }

    function _refused(bytes memory output, bytes memory problem) private {
        bytes memory results = _bundle(user, address(decoding), _items(_itemOf(INPUT, output)));
        bytes memory callData = _carry(abi.encodeCall(DecodingConsumer.ask, (INPUT)), results);
        _expectFailure(user, address(decoding), callData, problem);
        assertEq(pipe.budgetOf(user, address(decoding)).balance, 10 ether);
        assertEq(money.earningsOf(operator.id, release).unripe, 0);
    }
}
