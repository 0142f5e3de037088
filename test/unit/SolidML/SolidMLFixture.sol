// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReleaseContent, TensorSpec} from "../../../contracts/interfaces/IModelHub.sol";
import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {IReleaseSchemas} from "../../../contracts/solidml/IReleaseSchemas.sol";
import {ISolidML, ModelInput} from "../../../contracts/solidml/ISolidML.sol";
import {TensorLib} from "../../../contracts/solidml/TensorLib.sol";
import {CODEC_TENSORS} from "../../../contracts/types/Codec.sol";
import {NO_COVER} from "../../../contracts/types/Cover.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {ModelId} from "../../../contracts/types/ModelId.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Tensor} from "../../../contracts/types/Tensor.sol";
import {NetworkFixture} from "../support/NetworkFixture.sol";

/// A front on the real hub, before a pipe whose answers the test gives. One release under a content id: `candles`
/// float32 [10, 4] and `level` int32 [-1] in, `volatility` float32 [1, 1] out.
abstract contract SolidMLFixture is NetworkFixture {
    string internal constant CONTENT_ID = "QmVolatility";
    uint256 internal constant MAX_FEE = 1 ether;
    uint256 internal constant FRONT_MIN_STAKE = 3000 ether;
    uint32 internal constant CHOSEN = 7;

    ISolidML internal front;
    IReleaseSchemas internal schemas;
    address internal pipe = makeAddr("pipe");
    address internal executor = makeAddr("executor");
    ReleaseContent internal content;
    ReleaseId internal boundRelease;

    function setUp() public virtual override {
        super.setUp();
        vm.etch(pipe, hex"00");
        vm.mockCall(pipe, abi.encodeCall(IPipe.executor, ()), abi.encode(executor));
        vm.mockCall(pipe, abi.encodeCall(IPipe.isExecuting, ()), abi.encode(false));
        bytes memory arguments = abi.encode(hub, pipe, MAX_FEE, FRONT_MIN_STAKE, CHOSEN);
        address deployed = deployCode("contracts/solidml/SolidML.sol:SolidML", arguments);
        (front, schemas) = (ISolidML(deployed), IReleaseSchemas(deployed));

        content.files.push(_content().files[0]);
        content.inputs.push(_spec("candles", Dtype.FLOAT32, 10, 4));
        content.inputs.push(TensorSpec("level", Dtype.INT32, new int32[](1)));
        content.inputs[1].shape[0] = -1;
        content.outputs.push(_spec("volatility", Dtype.FLOAT32, 1, 1));
        boundRelease = _publishBound();
        schemas.registerSchema(boundRelease, content.inputs, content.outputs);
    }

    function _publishBound() private returns (ReleaseId) {
        vm.startPrank(publisher);
        ModelId created = hub.createModel("vol");
        hub.commitContent(keccak256(abi.encode(publisher, CONTENT_ID, bytes32(0))));
        vm.warp(vm.getBlockTimestamp() + 60);
        ReleaseId published = hub.publish(created, false, content, ROYALTY, 0, VANILLA_ONLY, CONTENT_ID, 0);
        vm.stopPrank();
        return published;
    }

    function _spec(string memory name, uint8 dtype, int32 a, int32 b) internal pure returns (TensorSpec memory spec) {
        spec = TensorSpec(name, dtype, new int32[](2));
        (spec.shape[0], spec.shape[1]) = (a, b);
    }

    /// Forty candle values of 1.5, and level 3.
    function _input() internal pure returns (ModelInput memory input) {
        input.numbers = new TensorLib.MultiDimensionalNumberTensor[](2);
        uint32[] memory shape = new uint32[](2);
        (shape[0], shape[1]) = (10, 4);
        input.numbers[0] = TensorLib.numberTensorND("candles", shape);
        for (uint256 i; i < 40; ++i) input.numbers[0].values[i] = TensorLib.Number(15, 1);
        TensorLib.Number[] memory level = new TensorLib.Number[](1);
        level[0] = TensorLib.Number(3, 0);
        input.numbers[1] = TensorLib.numberTensor1D("level", level);
    }

    /// The canonical encoding of `_input`.
    function _encodedInput() internal pure returns (bytes memory) {
        Tensor[] memory tensors = new Tensor[](2);
        int256[] memory candles = new int256[](40);
        for (uint256 i; i < 40; ++i) candles[i] = 15;
        tensors[0] = TensorCodec.fromFixed(candles, 1, TensorCodec.shapeOf(10, 4), Dtype.FLOAT32);
        tensors[1] = TensorCodec.fromInts(_ints(3), TensorCodec.shapeOf(1), Dtype.INT32);
        return TensorCodec.encode(tensors);
    }

    function _ints(int256 value) internal pure returns (int256[] memory values) {
        values = new int256[](1);
        values[0] = value;
    }

    /// The canonical encoding of one float32 [1, 1].
    function _output(int256 value, uint8 decimals) internal pure returns (bytes memory) {
        uint32[] memory shape = TensorCodec.shapeOf(1, 1);
        return TensorCodec.encode(TensorCodec.fromFixed(_ints(value), decimals, shape, Dtype.FLOAT32));
    }

    function _query(uint8 modes, bytes memory encoded) internal view returns (InferenceQuery memory) {
        return InferenceQuery(boundRelease, CODEC_TENSORS, NO_COVER, modes, CHOSEN, MAX_FEE, FRONT_MIN_STAKE, encoded);
    }

    /// Has the pipe answer whatever it is asked.
    function _answer(bytes memory output) internal {
        vm.mockCall(pipe, abi.encodeWithSelector(IPipe.infer.selector), abi.encode(output));
    }

    function _expectQuery(uint8 modes, bytes memory encoded, address account) internal {
        vm.expectCall(pipe, abi.encodeCall(IPipe.infer, (_query(modes, encoded), account, "")));
    }
}
