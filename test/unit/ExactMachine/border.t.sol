// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IExactMachine} from "../../../contracts/interfaces/IExactMachine.sol";
import {TensorCodec} from "../../../contracts/libraries/TensorCodec.sol";
import {Dtype} from "../../../contracts/types/Dtype.sol";
import {Tensor} from "../../../contracts/types/Tensor.sol";
import {MachineFixture} from "./MachineFixture.sol";

contract BorderTest is MachineFixture {
    uint8[9] private dtypes = [
        Dtype.UINT8,
        Dtype.INT8,
        Dtype.UINT16,
        Dtype.INT16,
        Dtype.INT32,
        Dtype.INT64,
        Dtype.BOOL,
        Dtype.UINT32,
        Dtype.UINT64
    ];

    /// @dev A graph without steps gives back what it was given, in the same type.
    function testFuzz_keepsElementsOfEveryType(uint8 which, uint8 rows, bytes32 seed) public {
        uint8 dtype = dtypes[which % dtypes.length];
        rows = uint8(bound(rows, 1, 40));
        uint32[] memory shape = TensorCodec.shapeOf(rows, 3);
        Tensor memory tensor = TensorCodec.zeros(shape, dtype);
        for (uint256 i; i < tensor.data.length; ++i) {
            bytes1 random = bytes1(keccak256(abi.encode(seed, i)));
            tensor.data[i] = dtype == Dtype.BOOL ? random & 0x01 : random;
        }
        bytes memory input = TensorCodec.encode(tensor);
        assertEq(machine.evaluate(_identity(dtype, rows), input), input);
    }

    function test_reordersSeveralTensors() public {
        bytes memory a = abi.encodePacked(Dtype.INT8, uint8(0), uint32(0));
        bytes memory b = abi.encodePacked(Dtype.UINT8, uint8(1), uint32(2), uint32(1));
        bytes32 root = _rootOf(abi.encodePacked(uint8(2), uint8(3), a, b, b, a, a));
        Tensor[] memory given = new Tensor[](2);
        given[0] = Tensor(Dtype.INT8, TensorCodec.shapeOf(), hex"80");
        given[1] = Tensor(Dtype.UINT8, TensorCodec.shapeOf(2), hex"07ff");
        Tensor[] memory taken = TensorCodec.decode(machine.evaluate(root, TensorCodec.encode(given)));
        assertEq(taken.length, 3);
        assertEq(taken[0].data, hex"07ff");
        assertEq(taken[1].data, hex"80");
        assertEq(taken[2].data, hex"80");
    }

    /// @dev Any change of a byte outside the elements, any truncation and any extension is refused.
    function test_revertsWhenTheInputIsNotCanonical() public {
        bytes32 root = _identity(Dtype.UINT8, 2);
        uint32[] memory shape = TensorCodec.shapeOf(2, 3);
        bytes memory input = TensorCodec.encode(Tensor(Dtype.UINT8, shape, hex"010203040506"));
        uint256 dataAt = input.length - 32;
        for (uint256 i; i < input.length; ++i) {
            if (i >= dataAt && i < dataAt + 6) continue;
            bytes memory changed = bytes.concat(input);
            changed[i] ^= 0x01;
            _refuses(root, changed);
        }
        for (uint256 length; length < input.length; ++length) {
            bytes memory cut = new bytes(length);
            for (uint256 i; i < length; ++i) cut[i] = input[i];
            _refuses(root, cut);
        }
        _refuses(root, bytes.concat(input, hex"00"));
        _refuses(root, bytes.concat(input, bytes32(0)));
    }

    function test_revertsWhenAnOutputOfBoolsIsNoBool() public {
        bytes memory given = abi.encodePacked(Dtype.UINT8, uint8(1), uint32(40), uint32(0));
        bytes memory taken = abi.encodePacked(Dtype.BOOL, uint8(1), uint32(40), uint32(0));
        bytes32 root = _rootOf(abi.encodePacked(uint8(1), uint8(1), given, taken));
        Tensor memory tensor = TensorCodec.zeros(TensorCodec.shapeOf(40), Dtype.UINT8);
        for (uint256 i; i < 40; ++i) tensor.data[i] = bytes1(uint8(i % 2));
        tensor.dtype = Dtype.BOOL;
        bytes memory output = TensorCodec.encode(tensor);
        tensor.dtype = Dtype.UINT8;
        assertEq(machine.evaluate(root, TensorCodec.encode(tensor)), output);
        for (uint256 i; i < 40; ++i) {
            bytes1 before = tensor.data[i];
            tensor.data[i] = i % 2 == 0 ? bytes1(0x02) : bytes1(0x81);
            bytes memory input = TensorCodec.encode(tensor);
            vm.expectRevert(abi.encodeWithSelector(IExactMachine.OutputInvalid.selector, root));
            machine.evaluate(root, input);
            tensor.data[i] = before;
        }
    }

    function test_revertsWhenABoolIsNeither() public {
        bytes32 root = _identity(Dtype.BOOL, 11);
        Tensor memory tensor = TensorCodec.zeros(TensorCodec.shapeOf(11, 3), Dtype.BOOL);
        bytes memory input = TensorCodec.encode(tensor);
        machine.evaluate(root, input);
        for (uint256 i; i < 33; ++i) {
            bytes memory changed = bytes.concat(input);
            changed[input.length - 64 + i] = 0x02;
            _refuses(root, changed);
        }
    }

    function test_revertsWhenTheStateHasAnotherLength() public {
        bytes memory fill = abi.encodePacked(uint32(0), uint32(1), i64(1));
        bytes32 root = publish(bytes.concat(record(1, fill), record(1, fill, 4)), "", 4);
        (uint256 pc, bytes memory state) = machine.run(root, 0, encoded(counting(4)), type(uint256).max);
        assertEq(state.length, 32);
        vm.expectRevert(abi.encodeWithSelector(IExactMachine.StateLengthWrong.selector, 31, 32));
        machine.run(root, pc, new bytes(31), 0);
        vm.expectRevert(abi.encodeWithSelector(IExactMachine.StateLengthWrong.selector, 33, 32));
        machine.run(root, pc, new bytes(33), 0);
        vm.expectRevert(abi.encodeWithSelector(IExactMachine.ProgramCounterInvalid.selector, 57, 57));
        machine.run(root, 57, state, 0);
    }

    function _refuses(bytes32 root, bytes memory input) private {
        vm.expectRevert(abi.encodeWithSelector(IExactMachine.InputInvalid.selector, root));
        machine.evaluate(root, input);
    }

    function _identity(uint8 dtype, uint32 rows) private returns (bytes32) {
        bytes memory tensor = abi.encodePacked(dtype, uint8(2), rows, uint32(3), uint32(0));
        return _rootOf(abi.encodePacked(uint8(1), uint8(1), tensor, tensor));
    }

    function _rootOf(bytes memory declared) private returns (bytes32) {
        return store.put(rootOf(1, 0, "", 128, declared));
    }
}
