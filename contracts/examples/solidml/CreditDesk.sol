// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISolidML, ModelInferenceMode, ModelInput, ModelOutput} from "../../solidml/ISolidML.sol";
import {TensorLib} from "../../solidml/TensorLib.sol";

/// @title CreditDesk
/// @notice An example written for the published interface: approves a loan by a model's score of the borrower's record
/// with this desk, one row of amounts borrowed, repaid and late for each of the last terms.
/// @dev Nothing in it knows this network but the address given to the constructor.
contract CreditDesk {
    using TensorLib for TensorLib.MultiDimensionalNumberTensor;

    uint32 public constant TERMS = 3;
    uint32 public constant FEATURES = 3;
    /// A score is the probability of a default; below this the loan is approved.
    uint256 public constant MAX_RISK_PERCENT = 20;

    struct Term {
        int128 borrowed;
        int128 repaid;
        int128 lateDays;
    }

    ISolidML public immutable INFERENCE;
    ModelInferenceMode public immutable MODE;
    address public immutable CLERK;
    string public modelId;

    mapping(address borrower => Term[] terms) private _records;
    mapping(address borrower => bool approved) public isApproved;

    event LoanDecided(address indexed borrower, bool approved, int128 risk, int128 decimals);

    /// @notice Only the clerk may do this.
    error NotClerk(address caller);
    /// @notice The risk that the model gives cannot be used.
    error RiskInvalid(int128 risk);

    constructor(ISolidML inference, ModelInferenceMode mode, string memory modelId_, address clerk) {
        (INFERENCE, MODE, CLERK) = (inference, mode, clerk);
        modelId = modelId_;
    }

    /// @notice Writes down a term that has ended.
    function record(address borrower, Term calldata term) external {
        require(msg.sender == CLERK, NotClerk(msg.sender));
        _records[borrower].push(term);
    }

    /// @notice Decides on a loan for the caller.
    function applyForLoan() external {
        ModelInput memory input;
        input.numbers = new TensorLib.MultiDimensionalNumberTensor[](1);
        input.numbers[0] = _features(msg.sender);
        ModelOutput memory output = INFERENCE.run(modelId, uint8(MODE), input);
        if (output.is_simulation_result) return;

        uint32[] memory first = new uint32[](output.numbers[0].shape.length);
        TensorLib.Number memory risk = output.numbers[0].getValue(first);
        require(risk.value >= 0, RiskInvalid(risk.value));
        bool approved = uint256(int256(risk.value)) * 100 < MAX_RISK_PERCENT * 10 ** uint256(int256(risk.decimals));
        isApproved[msg.sender] = approved;
        emit LoanDecided(msg.sender, approved, risk.value, risk.decimals);
    }

    /// @dev Amounts have 6 decimals; terms that were not are rows of zeros.
    function _features(address borrower) private view returns (TensorLib.MultiDimensionalNumberTensor memory features) {
        uint32[] memory shape = new uint32[](2);
        (shape[0], shape[1]) = (TERMS, FEATURES);
        features = TensorLib.numberTensorND("features", shape);
        Term[] storage terms = _records[borrower];
        for (uint32 i; i < TERMS && i < terms.length; ++i) {
            Term storage term = terms[terms.length - 1 - i];
            _set(features, i, 0, TensorLib.Number(term.borrowed, 6));
            _set(features, i, 1, TensorLib.Number(term.repaid, 6));
            _set(features, i, 2, TensorLib.Number(term.lateDays, 0));
        }
    }

    function _set(
        TensorLib.MultiDimensionalNumberTensor memory features,
        uint32 row,
        uint32 column,
        TensorLib.Number memory value
    ) private pure {
        uint32[] memory indices = new uint32[](2);
        (indices[0], indices[1]) = (row, column);
        features.setValue(indices, value);
    }
}
