// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub} from "../../../contracts/interfaces/IModelHub.sol";
import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {TensorDecoder} from "../../../contracts/libraries/TensorDecoder.sol";
import {FixedFloat} from "../../../contracts/libraries/FixedFloat.sol";
import {IReleaseSchemas} from "../../../contracts/solidml/IReleaseSchemas.sol";
import {
    ISolidML,
    ModelInferenceMode,
    ModelInferenceRequest,
    ModelInput,
    ModelOutput
} from "../../../contracts/solidml/ISolidML.sol";
import {Numbers} from "../../../contracts/solidml/Numbers.sol";
import {TensorLib} from "../../../contracts/solidml/TensorLib.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {KeyOrigin} from "../../../contracts/types/KeyOrigin.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Tensor, TensorRules} from "../../../contracts/types/Tensor.sol";
import {SolidMLFixture} from "./SolidMLFixture.sol";

contract RunModelInferenceTest is SolidMLFixture {
    function _run(ModelInput memory input) private returns (ModelOutput memory) {
        return front.runModelInference(ModelInferenceRequest(ModelInferenceMode.VANILLA, CONTENT_ID, input));
    }

    function test_hasThePublishedSelectors() public pure {
        assertEq(ISolidML.runModelInference.selector, bytes4(0x7289e9c2));
        assertEq(ISolidML.run.selector, bytes4(0xcbf09d80));
        assertEq(
            ISolidML.InferenceResult.selector,
            keccak256(
                "InferenceResult(((string,(int128,int128)[],uint32[])[],(string,string[])[],(string,string)[],bool))"
            )
        );
        assertEq(uint8(ModelInferenceMode.ZK), 1);
        assertEq(uint8(ModelInferenceMode.TEE), 2);
    }

    function test_returnsTheAnswer() public {
        _answer(_output(15, 1));
        _expectQuery(1, _encodedInput(), user);
        vm.prank(stranger, user);
        ModelOutput memory output = _run(_input());
        assertFalse(output.is_simulation_result);
        assertEq(output.strings.length + output.jsons.length, 0);
        assertEq(output.numbers.length, 1);
        assertEq(output.numbers[0].name, "volatility");
        assertEq(output.numbers[0].shape.length, 2);
        assertEq(output.numbers[0].values[0].value, 15);
        assertEq(output.numbers[0].values[0].decimals, 1);
    }

    function test_actsForTheExecutorInsideAnExecution() public {
        _answer(_output(15, 1));
        vm.mockCall(pipe, abi.encodeCall(IPipe.isExecuting, ()), abi.encode(true));
        _expectQuery(1, _encodedInput(), executor);
        vm.prank(stranger, user);
        _run(_input());
    }

    function test_asksForTheModeGiven() public {
        _answer(_output(15, 1));
        _expectQuery(4, _encodedInput(), tx.origin);
        front.runModelInference(ModelInferenceRequest(ModelInferenceMode.TEE, CONTENT_ID, _input()));
    }

    function test_runLogsTheAnswer() public {
        _answer(_output(-25, 2));
        _expectQuery(2, _encodedInput(), tx.origin);
        ModelOutput memory expected;
        expected.numbers = new TensorLib.MultiDimensionalNumberTensor[](1);
        TensorLib.Number[] memory values = new TensorLib.Number[](1);
        values[0] = TensorLib.Number(-25, 2);
        expected.numbers[0] = TensorLib.MultiDimensionalNumberTensor("volatility", values, TensorCodec.shapeOf(1, 1));
        vm.expectEmit(address(front));
        emit ISolidML.InferenceResult(expected);
        front.run(CONTENT_ID, 1, _input());
    }

    function test_rule32_runPassesADemandForKeysOn() public {
        _answer(_output(-25, 2));
        _expectQuery(2 | KeyOrigin.Ceremony.demand(), _encodedInput(), tx.origin);
        front.run(CONTENT_ID, 1 | KeyOrigin.Ceremony.demand(), _input());
        uint8 unknown = 3 | KeyOrigin.Universal.demand();
        vm.expectRevert(abi.encodeWithSelector(IReleaseSchemas.ModeUnknown.selector, unknown));
        front.run(CONTENT_ID, unknown, _input());
    }

    function test_revertsWhenModeUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IReleaseSchemas.ModeUnknown.selector, 3));
        front.run(CONTENT_ID, 3, _input());
    }

    function test_passesOnThatAResultIsMissing() public {
        InferenceQuery[] memory queries = new InferenceQuery[](1);
        queries[0] = _query(1, _encodedInput());
        bytes memory missing = abi.encodeWithSelector(IPipe.InferenceRequired.selector, user, address(front), queries);
        vm.mockCallRevert(pipe, abi.encodeWithSelector(IPipe.infer.selector), missing);
        vm.prank(stranger, user);
        vm.expectRevert(missing);
        _run(_input());
    }

    function test_findsInputsByName() public {
        _answer(_output(15, 1));
        ModelInput memory input = _input();
        (input.numbers[0], input.numbers[1]) = (input.numbers[1], input.numbers[0]);
        _expectQuery(1, _encodedInput(), tx.origin);
        _run(input);
    }

    function test_takesAVectorForAnotherRank() public {
        _answer(_output(15, 1));
        ModelInput memory input = _input();
        input.numbers[0].shape = TensorCodec.shapeOf(40);
        _expectQuery(1, _encodedInput(), tx.origin);
        _run(input);
    }

    function test_revertsWhenAVectorDoesNotFill() public {
        ModelInput memory input = _input();
        input.numbers[0] = TensorLib.numberTensor1D("candles", new TensorLib.Number[](39));
        vm.expectRevert(abi.encodeWithSelector(TensorCodec.TensorValueCountWrong.selector, 39, 40));
        _run(input);
    }

    function test_revertsWhenShapeDiffers() public {
        ModelInput memory input = _input();
        input.numbers[0].shape = TensorCodec.shapeOf(4, 10);
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorDimensionWrong.selector, 0, 4, 10));
        _run(input);
    }

    function test_revertsWhenShapeOverflows() public {
        ModelInput memory input = _input();
        input.numbers[0].shape = TensorCodec.shapeOf(type(uint32).max, 2);
        uint256 elements = 2 * uint256(type(uint32).max);
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorTooLarge.selector, elements, type(uint32).max));
        _run(input);
    }

    function test_revertsWhenInputMissing() public {
        ModelInput memory input = _input();
        TensorLib.MultiDimensionalNumberTensor memory candles = input.numbers[0];
        input.numbers = new TensorLib.MultiDimensionalNumberTensor[](1);
        input.numbers[0] = candles;
        vm.expectRevert(abi.encodeWithSelector(IReleaseSchemas.ModelInputMissing.selector, "level"));
        _run(input);
    }

    function test_revertsWhenInputUnknownOrRepeated() public {
        ModelInput memory input = _input();
        input.numbers[1].name = "levels";
        vm.expectRevert(abi.encodeWithSelector(IReleaseSchemas.ModelInputUnknown.selector, "levels"));
        _run(input);
        input.numbers[1] = input.numbers[0];
        vm.expectRevert(abi.encodeWithSelector(IReleaseSchemas.ModelInputUnknown.selector, "candles"));
        _run(input);
    }

    function test_revertsWhenStringsGiven() public {
        ModelInput memory input = _input();
        input.strings = new TensorLib.StringTensor[](1);
        vm.expectRevert(Dtype.TensorStringsRefused.selector);
        _run(input);
    }

    function test_revertsWhenANumberIsInvalid() public {
        ModelInput memory input = _input();
        input.numbers[0].values[39].decimals = 19;
        vm.expectRevert(abi.encodeWithSelector(Numbers.NumberDecimalsInvalid.selector, int128(19)));
        _run(input);
    }

    function test_revertsWhenContentIdUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ContentIdUnknown.selector, "QmNone"));
        front.run("QmNone", 0, _input());
    }

    function test_revertsWhenOutputHasAnotherCount() public {
        _answer(TensorCodec.encode(new Tensor[](0)));
        vm.expectRevert(abi.encodeWithSelector(TensorCodec.TensorCountWrong.selector, 0, 1));
        _run(_input());
    }

    function test_revertsWhenOutputHasAnotherForm() public {
        uint32[] memory shape = TensorCodec.shapeOf(1, 1);
        _answer(TensorCodec.encode(TensorCodec.fromInts(_ints(1), shape, Dtype.INT32)));
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorDtypeWrong.selector, Dtype.INT32, Dtype.FLOAT32));
        _run(_input());
        _answer(TensorCodec.encode(TensorCodec.zeros(TensorCodec.shapeOf(1, 2), Dtype.FLOAT32)));
        vm.expectRevert(abi.encodeWithSelector(TensorRules.TensorDimensionWrong.selector, 1, 2, 1));
        _run(_input());
    }

    function test_revertsWhenOutputIsNaN() public {
        _answer(TensorCodec.encode(Tensor(Dtype.FLOAT32, TensorCodec.shapeOf(1, 1), hex"0000c07f")));
        vm.expectRevert(abi.encodeWithSelector(FixedFloat.FloatNotFinite.selector, 0x7fc00000, Dtype.FLOAT32));
        _run(_input());
    }

    /// Whatever an operator signs, what comes back to the contract is an answer or an error with a name.
    function testFuzz_endsHostileOutputInATypedError(bytes memory output) public {
        _answer(output);
        try front.run(CONTENT_ID, 0, _input()) returns (ModelOutput memory) {
            fail();
        } catch (bytes memory reason) {
            assertGe(reason.length, 4);
            assertTrue(bytes4(reason) != bytes4(keccak256("Panic(uint256)")));
        }
    }

    function testFuzz_endsAlteredOutputInATypedErrorOrAnAnswer(uint256 place, uint8 value) public {
        bytes memory output = _output(15, 1);
        output[place % output.length] = bytes1(value);
        _answer(output);
        try front.run(CONTENT_ID, 0, _input()) returns (ModelOutput memory answer) {
            assertEq(answer.numbers.length, 1);
        } catch (bytes memory reason) {
            assertGe(reason.length, 4);
            assertTrue(bytes4(reason) != bytes4(keccak256("Panic(uint256)")));
        }
    }

    function test_revertsWhenOutputIsEmpty() public {
        _answer("");
        vm.expectRevert(abi.encodeWithSelector(TensorDecoder.TensorEncodingTruncated.selector, 0, 64));
        _run(_input());
    }

    function test_revertsWhenSchemaNotRegistered() public {
        string memory id = string.concat(vm.toString(publisher), "/eth-volatility-1h@v1.00");
        vm.expectRevert(
            abi.encodeWithSelector(IReleaseSchemas.SchemaNotRegistered.selector, ReleaseId.unwrap(release))
        );
        front.run(id, 0, _input());
    }
}
